"""Random sequences of calls on sockets, and what each call comes to.

A sequence is a list of steps. A step is a tuple of the slot that the socket is
in, the method and its arguments, which are plain values or the stand-ins below,
so that a sequence is the same for every implementation of `socket`.
"""

import random
import re
import signal
import tempfile
import time

# Stand-ins for what only a run knows.
ANY = ("any",)                  # an address to bind to
REFUSED = ("refused",)          # where nobody is


def name_of(slot):
    """The name of the socket in another slot."""
    return ("name", slot)


def buffer_of(size):
    """An array to receive into, whose content belongs to the outcome."""
    return ("buffer", size)


def new_slot(slot):
    """Where the socket goes that accept() or dup() returns."""
    return ("new", slot)


LIMIT = 0.15                    # a call that takes longer blocks
TIMEOUT = 0.05
SETTLING = 0.03                 # until a connection in the background is made

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM = 1, 2
MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC = 2, 64, 256, 32
FLAGS = [0, 0, 0, MSG_PEEK, MSG_DONTWAIT, MSG_PEEK | MSG_DONTWAIT, MSG_WAITALL]
SIZES = [0, 1, 2, 5, 16, 100, 4096, 70000]
BAD = [None, "x", -1, 1.5, 2 ** 31, 2 ** 64, b"", [], ()]
OPTIONS = [(1, 2), (1, 3), (1, 4), (1, 6), (1, 9), (1, 30), (1, 38), (1, 39),
           (6, 1), (41, 26), (0, 33), (0, 34), (1, 9999), (9999, 1)]


class Generator:
    """Makes one sequence from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.steps = []
        self.slots = []         # (family, type) of the socket in each slot
        self.lively = []        # slots that can probably send and receive

    def make(self):
        choice = self.random.choice
        family = choice([AF_INET, AF_INET, AF_INET6, AF_UNIX])
        kind = choice([SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM])
        for _ in range(self.random.randint(2, 4)):
            if self.random.random() < 0.15:
                family = choice([AF_INET, AF_INET6, AF_UNIX])
            if self.random.random() < 0.15:
                kind = choice([SOCK_STREAM, SOCK_DGRAM])
            self.open(family, kind)
        self.begin(family, kind)
        for _ in range(self.random.randint(3, 20)):
            self.step()
        return self.steps

    def open(self, family, kind):
        self.slots.append((family, kind))
        self.add(len(self.slots) - 1, "socket", family, kind)
        if self.random.random() < 0.6:
            self.add(len(self.slots) - 1, "settimeout",
                     self.random.choice([0, 0, TIMEOUT, TIMEOUT, None]))

    def begin(self, family, kind):
        """Often a sequence begins with a connection, or a bound pair."""
        of_kind = [i for i, each in enumerate(self.slots)
                   if each == (family, kind)]
        if len(of_kind) < 2 or self.random.random() < 0.2:
            return
        server, client = of_kind[:2]
        self.add(server, "bind", ANY)
        self.lively += [client, server if kind == SOCK_DGRAM else client]
        if kind == SOCK_DGRAM:
            if self.random.random() < 0.7:
                self.add(client, "bind", ANY)
            if self.random.random() < 0.5:
                self.add(client, "connect", name_of(server))
            return
        self.add(server, "listen", 5)
        self.add(client, "connect", name_of(server))
        if self.random.random() < 0.8:
            self.accept(server)

    def accept(self, slot):
        new = len(self.slots)
        self.add(slot, "accept", new_slot(new))
        self.slots.append(self.slots[slot])
        self.lively.append(new)
        if self.random.random() < 0.8:
            self.add(new, "settimeout", self.random.choice([0, TIMEOUT]))

    def add(self, slot, method, *args):
        self.steps.append((slot, method, *args))

    def data(self):
        size = self.random.choice([0, 1, 3, 10, 100, 3000])
        start = self.random.randrange(256)
        return bytes((start + i) % 256 for i in range(size))

    def address(self):
        slot = self.random.randrange(len(self.slots))
        return self.random.choice([name_of(slot)] * 6 + [REFUSED])

    def step(self):
        choice = self.random.choice
        slot = self.random.randrange(len(self.slots))
        if self.lively and self.random.random() < 0.75:
            slot = choice(self.lively)
        if self.random.random() < 0.07:
            return self.bad_step(slot)
        method = choice([
            *["send", "sendall", "sendto", "sendmsg"] * 3,
            *["recv", "recv_into", "recvfrom", "recvfrom_into"] * 3,
            *["recvmsg", "recvmsg_into"],
            *["bind", "listen", "accept", "connect", "connect_ex"],
            *["shutdown", "shutdown", "close", "detach", "dup"],
            *["settimeout", "setblocking"],
            *["getsockname", "getpeername", "gettimeout", "getblocking"],
            *["getsockopt", "getsockopt", "setsockopt"],
        ])
        if method in ("send", "sendall"):
            self.add(slot, method, self.data(), choice([0, 0, MSG_DONTWAIT]))
        elif method == "sendto":
            self.add(slot, method, self.data(), self.address())
        elif method == "sendmsg":
            to = choice([None, None, self.address()])
            self.add(slot, method, [self.data(), self.data()], [], 0, to)
        elif method in ("recv", "recvfrom"):
            self.add(slot, method, choice(SIZES), choice(FLAGS))
        elif method in ("recv_into", "recvfrom_into"):
            size = choice(SIZES[:-1])
            self.add(slot, method, buffer_of(size), 0, choice(FLAGS))
        elif method == "recvmsg":
            self.add(slot, method, choice(SIZES), 0, choice(FLAGS))
        elif method == "recvmsg_into":
            buffers = [buffer_of(choice(SIZES[:-1])) for _ in range(2)]
            self.add(slot, method, buffers, 0, choice(FLAGS))
        elif method == "bind":
            self.add(slot, method, choice([ANY, ANY, self.address()]))
        elif method == "listen":
            self.add(slot, method, choice([0, 1, 5, -1]))
        elif method == "accept":
            self.accept(slot)
        elif method in ("connect", "connect_ex"):
            self.add(slot, method, self.address())
        elif method == "shutdown":
            self.add(slot, method, choice([0, 1, 2, 2]))
        elif method == "dup":
            self.add(slot, method, new_slot(len(self.slots)))
            self.slots.append(self.slots[slot])
        elif method == "settimeout":
            self.add(slot, method, choice([0, TIMEOUT, None]))
        elif method == "setblocking":
            self.add(slot, method, choice([True, False]))
        elif method == "getsockopt":
            self.add(slot, method, *choice(OPTIONS[:8]))
        elif method == "setsockopt":
            option = choice([(1, 2), (1, 9), (6, 1), (1, 6)])
            self.add(slot, method, *option, choice([0, 1]))
        else:
            self.add(slot, method)

    def bad_step(self, slot):
        """A call with a value, or a number of values, that is wrong."""
        choice = self.random.choice
        method = choice([
            "send", "sendall", "sendto", "sendmsg", "recv", "recv_into",
            "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "bind",
            "listen", "connect", "connect_ex", "shutdown", "settimeout",
            "getsockopt", "setsockopt", "close", "getsockname",
        ])
        args = [choice(BAD) for _ in range(self.random.randint(0, 4))]
        self.add(slot, method, *args)


class Blocks(BaseException):
    """Raised in a call that has taken too long."""


def on_alarm(signum, frame):
    raise Blocks


class Run:
    """Carries a sequence out on one implementation of `socket`."""

    def __init__(self, module):
        self.module = module
        self.folder = tempfile.TemporaryDirectory(prefix="fuzz_")
        self.paths = 0
        self.slots = {}
        self.names = {}         # a port or path, and what stands for it

    def run(self, steps):
        outcomes = []
        before = signal.signal(signal.SIGALRM, on_alarm)
        try:
            for index, step in enumerate(steps):
                outcome = self.outcome(index, step)
                outcomes.append(outcome)
                if outcome == "blocks":
                    break
        finally:
            signal.signal(signal.SIGALRM, before)
            self.end()
        return outcomes

    def end(self):
        for sock in self.slots.values():
            try:
                sock.close()
            except OSError:
                pass            # another object had the same descriptor
        self.folder.cleanup()

    def outcome(self, index, step):
        slot, method, *args = step
        try:
            signal.setitimer(signal.ITIMER_REAL, LIMIT)
            try:
                value = self.call(slot, method, args)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except Blocks:
            return "blocks"
        except KeyError:
            return "no socket"
        except Exception as error:
            if getattr(error, "errno", None) == 115:
                time.sleep(SETTLING)
            return (type(error).__name__, getattr(error, "errno", None),
                    self.plain(str(error)))
        if method == "connect_ex" and value == 115:
            time.sleep(SETTLING)
        return value

    def call(self, slot, method, args):
        if method == "socket":
            self.slots[slot] = self.module.socket(*args)
            return None
        sock = self.slots[slot]
        if method in ("accept", "dup"):
            return self.call_for_socket(sock, method, args)
        buffers = []
        given = [self.decode(each, sock, buffers) for each in args]
        value = getattr(sock, method)(*given)
        if method == "detach":
            if value != -1:
                self.module.close(value)
            return value != -1
        filled = [bytes(each) for each in buffers]
        return (self.encode(value), *filled) if filled else self.encode(value)

    def call_for_socket(self, sock, method, args):
        [(_, slot)] = args
        if method == "dup":
            self.slots[slot] = sock.dup()
            return None
        self.slots[slot], address = sock.accept()
        return self.encode(address)

    def decode(self, value, sock, buffers):
        if isinstance(value, list):
            return [self.decode(each, sock, buffers) for each in value]
        if value == ANY:
            return self.any_address(sock.family)
        if value == REFUSED:
            return self.refused_address(sock.family)
        if isinstance(value, tuple) and value[:1] == ("name",):
            return self.name(value[1])
        if isinstance(value, tuple) and value[:1] == ("buffer",):
            buffers.append(bytearray(value[1]))
            return buffers[-1]
        return value

    def any_address(self, family):
        if family != AF_UNIX:
            return ("::1" if family == AF_INET6 else "127.0.0.1", 0)
        self.paths += 1
        return f"{self.folder.name}/{self.paths}"

    def refused_address(self, family):
        if family == AF_UNIX:
            return f"{self.folder.name}/nobody"
        return ("::1" if family == AF_INET6 else "127.0.0.1", 1)

    def name(self, slot):
        name = self.slots[slot].getsockname()
        self.remember(slot, name)
        if isinstance(name, tuple) and name[0] in ("0.0.0.0", "::"):
            return ("::1" if name[0] == "::" else "127.0.0.1", *name[1:])
        return name

    def remember(self, slot, name):
        port = name[1] if isinstance(name, tuple) else name
        if port:
            self.names.setdefault(port, f"<{slot}>")

    def encode(self, value):
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        if isinstance(value, tuple):
            if len(value) in (2, 4) and isinstance(value[0], str):
                return (value[0], self.port(value[1]), *value[2:])
            return tuple(self.encode(each) for each in value)
        if isinstance(value, list):
            return [self.encode(each) for each in value]
        if isinstance(value, str):
            return self.plain(value)
        return int(value) if isinstance(value, int) else value

    def port(self, port):
        for slot, sock in self.slots.items():
            try:
                name = sock.getsockname()
            except OSError:
                continue
            if isinstance(name, tuple):
                self.remember(slot, name)
        if port == 0:
            return 0
        return self.names.get(port, "port")

    def plain(self, text):
        text = text.replace(self.folder.name, "PATH")
        return re.sub(r"(fd=|', )\d+", r"\1N", text)
