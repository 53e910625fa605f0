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


TIMEOUT = 0.02
SETTLING = 0.01                 # until a connection in the background is made

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM = 1, 2
MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC = 2, 64, 256, 32
FLAGS = [0, 0, 0, 0, MSG_PEEK, MSG_DONTWAIT, MSG_PEEK | MSG_DONTWAIT,
         MSG_WAITALL]
SIZES = [0, 1, 2, 5, 16, 100, 4096, 4096, 70000]
BAD = [None, "x", -1, 1.5, 2 ** 31, 2 ** 64, b"", []]
SO_ERROR = (1, 4)
OPTIONS = [(1, 2), (1, 3), SO_ERROR, SO_ERROR, (1, 6), (1, 9), (1, 30),
           (1, 38), (1, 39), (6, 1), (41, 26)]

RECEIVING = ["recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg",
             "recvmsg_into"]
SENDING = ["send", "sendall", "sendto", "sendmsg"]


class Generator:
    """Makes one sequence from one seed, and from what its steps come to."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.kinds = {}         # family and type of the socket in each slot
        self.next = 0
        self.lively = set()     # slots that can probably send and receive
        self.listening = set()
        self.waiting = {}       # how many wait to be accepted, by slot
        self.full = set()       # slots for which there is something, probably
        self.closed = set()
        self.peers = {}

    def steps(self):
        """Yields each step; is sent what it came to on CPython."""
        choice = self.random.choice
        family = choice([AF_INET, AF_INET, AF_INET6, AF_UNIX])
        kind = choice([SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM])
        for _ in range(2):
            yield from self.open(family, kind)
        yield from self.begin(family, kind)
        if self.random.random() < 0.3:
            yield from self.open(choice([AF_INET, AF_INET6, AF_UNIX]),
                                 choice([SOCK_STREAM, SOCK_DGRAM]))
        for _ in range(self.random.randint(5, 30)):
            yield from self.go_on()

    def do(self, slot, method, *args):
        """One step, and what is known from what came of it."""
        outcome = yield (slot, method, *args)
        self.note(slot, method, args, outcome)

    def note(self, slot, method, args, outcome):
        if is_error(outcome) or outcome == "blocks":
            return
        kind = self.kinds.get(slot)
        to = [each[1] for each in args
              if isinstance(each, tuple) and each[:1] == ("name",)]
        if method == "socket":
            self.kinds[slot] = args
        elif method == "listen":
            self.listening.add(slot)
        elif method == "bind" and kind[1] == SOCK_DGRAM:
            self.lively.add(slot)
        elif method in ("connect", "connect_ex") and to:
            if kind[1] == SOCK_STREAM:
                self.waiting[to[0]] = slot
            self.lively.add(slot)
            self.peers[slot] = to[0]
        elif method in ("accept", "dup"):
            [(_, new)] = args
            self.kinds[new] = kind
            if method == "accept":
                other = self.waiting.pop(slot, None)
                self.peers[new], self.peers[other] = other, new
                self.lively.add(new)
            elif slot in self.lively:
                self.lively.add(new)
                self.peers[new] = self.peers.get(slot)
        elif method in ("close", "detach"):
            self.lively.discard(slot)
            self.listening.discard(slot)
            self.closed.add(slot)
        elif method in SENDING:
            self.full.update(to or [self.peers.get(slot)])
        elif method in RECEIVING:
            self.full.discard(slot)

    def open(self, family, kind):
        slot = self.new()
        yield from self.do(slot, "socket", family, kind)
        if self.random.random() < 0.7:
            timeout = self.random.choice([0, 0, TIMEOUT, TIMEOUT, TIMEOUT])
            yield from self.do(slot, "settimeout", timeout)

    def new(self):
        self.next += 1
        return self.next - 1

    def begin(self, family, kind):
        """Often a sequence begins with a connection, or a bound pair."""
        if self.random.random() < 0.1:
            return
        server, client = self.kinds
        yield from self.do(server, "bind", ANY)
        if kind == SOCK_DGRAM:
            if self.random.random() < 0.7:
                yield from self.do(client, "bind", ANY)
            if self.random.random() < 0.5:
                yield from self.do(client, "connect", name_of(server))
            return
        yield from self.do(server, "listen", 5)
        yield from self.do(client, "connect", name_of(server))
        if client not in self.lively:       # it has no timeout of its own
            yield from self.do(client, "connect", name_of(server))
        if self.random.random() < 0.9:
            yield from self.accept(server)

    def accept(self, slot):
        new = self.new()
        yield from self.do(slot, "accept", new_slot(new))
        if new in self.kinds and self.random.random() < 0.8:
            timeout = self.random.choice([0, TIMEOUT])
            yield from self.do(new, "settimeout", timeout)

    def data(self):
        size = self.random.choice([0, 1, 3, 10, 100, 3000])
        start = self.random.randrange(256)
        return bytes((start + i) % 256 for i in range(size))

    def address(self):
        slot = self.random.choice(list(self.kinds))
        return self.random.choice([name_of(slot)] * 6 + [REFUSED])

    def slot(self, method):
        """The socket for a call: often one for which the call is right."""
        good = list(self.kinds)
        if method in RECEIVING:
            good = self.full & self.lively or self.lively
        elif method in SENDING or method in ("shutdown", "getpeername"):
            good = self.lively
        elif method == "accept":
            good = {s for s in self.waiting if s in self.listening}
        elif method in ("connect", "connect_ex", "bind"):
            good = set(self.kinds) - self.lively - self.listening
        good = sorted(set(good) - self.closed)
        if good and self.random.random() < 0.85:
            return self.random.choice(good)
        open_ones = sorted(set(self.kinds) - self.closed)
        if open_ones and self.random.random() < 0.9:
            return self.random.choice(open_ones)
        return self.random.choice(sorted(self.kinds))

    def go_on(self):
        choice = self.random.choice
        if self.random.random() < 0.05:
            yield from self.bad_step()
            return
        method = choice([
            *SENDING * 3, *RECEIVING[:4] * 3, *RECEIVING[4:] * 2,
            *["bind", "listen", "accept", "accept", "connect", "connect_ex"],
            *["shutdown", "shutdown", "close", "detach", "dup", "socket"],
            *["settimeout", "setblocking", "select", "select", "select"],
            *["getsockname", "getpeername", "gettimeout", "getblocking"],
            *["getsockopt", "getsockopt", "setsockopt"],
        ])
        slot = self.slot(method)
        if method in ("send", "sendall"):
            args = self.data(), choice([0, 0, MSG_DONTWAIT])
        elif method == "sendto":
            args = self.data(), self.address()
        elif method == "sendmsg":
            to = choice([None, None, self.address()])
            args = [self.data(), self.data()], [], 0, to
        elif method in ("recv", "recvfrom"):
            args = choice(SIZES), choice(FLAGS)
        elif method in ("recv_into", "recvfrom_into"):
            args = buffer_of(choice(SIZES[:-1])), 0, choice(FLAGS)
        elif method == "recvmsg":
            args = choice(SIZES), 0, choice(FLAGS)
        elif method == "recvmsg_into":
            buffers = [buffer_of(choice(SIZES[:-1])) for _ in range(2)]
            args = buffers, 0, choice(FLAGS)
        elif method == "bind":
            # One port of each machine's is for one side only.
            to = self.address()
            args = [choice([ANY, ANY, ANY if to == REFUSED else to])]
        elif method == "listen":
            args = [choice([0, 1, 5, -1])]
        elif method == "accept":
            yield from self.accept(slot)
            return
        elif method in ("connect", "connect_ex"):
            args = [self.address()]
            if self.listening and self.random.random() < 0.6:
                args = [name_of(choice(sorted(self.listening)))]
        elif method == "shutdown":
            args = [choice([0, 1, 2])]
        elif method == "dup":
            args = [new_slot(self.new())]
        elif method == "socket":
            yield from self.open(*self.kinds[slot])
            return
        elif method in ("close", "detach"):
            # What is left unread makes a difference, after which all ends.
            if slot in self.lively and self.random.random() < 0.8:
                yield from self.do(slot, "recv", 70000, MSG_DONTWAIT)
            args = []
        elif method == "select":
            args = [sorted(self.some_slots()), sorted(self.some_slots())]
        elif method == "settimeout":
            args = [choice([0, TIMEOUT, TIMEOUT, None])]
        elif method == "setblocking":
            args = [choice([True, False, False])]
        elif method == "getsockopt":
            args = choice(OPTIONS)
        elif method == "setsockopt":
            args = *choice([(1, 2), (1, 9), (6, 1), (1, 6)]), choice([0, 1])
        else:
            args = []
        yield from self.do(slot, method, *args)

    def some_slots(self):
        return {slot for slot in self.kinds if self.random.random() < 0.6
                and (slot not in self.closed or self.random.random() < 0.02)}

    def bad_step(self):
        """A call with a value, or a number of values, that is wrong."""
        choice = self.random.choice
        method = choice([
            "send", "sendall", "sendto", "sendmsg", "recv", "recv_into",
            "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "bind",
            "listen", "connect", "connect_ex", "shutdown", "settimeout",
            "getsockopt", "setsockopt", "close", "getsockname",
        ])
        args = [choice(BAD) for _ in range(self.random.randint(0, 4))]
        yield from self.do(self.slot(method), method, *args)


def is_error(outcome):
    """Whether a step came to an exception: its name, number and words."""
    return isinstance(outcome, tuple) and len(outcome) == 3 and \
        isinstance(outcome[0], str) and outcome[0][:1].isupper() and \
        isinstance(outcome[2], str)


def with_port(address):
    """An address to which datagrams can go: the kernel alone knows port 0."""
    is_without = isinstance(address, tuple) and address[1:2] == (0,)
    return (address[0], 1, *address[2:]) if is_without else address


class Blocks(BaseException):
    """Raised in a call that has taken too long."""


def on_alarm(signum, frame):
    raise Blocks


class Run:
    """Carries a sequence out on one implementation of `socket` and `select`."""

    def __init__(self, socket, select):
        self.socket, self.select = socket, select
        self.folder = tempfile.TemporaryDirectory(prefix="fuzz_")
        self.paths = 0
        self.slots = {}
        self.names = {}         # a port or path, and what stands for it
        signal.signal(signal.SIGALRM, on_alarm)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        for sock in self.slots.values():
            try:
                sock.close()
            except OSError:
                pass            # another object had the same descriptor
        while True:
            try:
                return self.folder.cleanup()
            except OSError:
                time.sleep(0.001)   # Deno is about to put a file back

    def outcome(self, step, limit):
        """What a step comes to; a call that takes longer "blocks"."""
        slot, method, *args = step
        try:
            signal.setitimer(signal.ITIMER_REAL, limit)
            try:
                return self.call(slot, method, args)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except Blocks:
            return "blocks"
        except KeyError:
            return "no socket"
        except Exception as error:
            return (type(error).__name__, getattr(error, "errno", None),
                    self.plain(str(error)))

    def settles(self, slot, limit):
        """Whether a connection in the background comes to something in time."""
        end = time.monotonic() + limit
        while True:
            if self.select.select([], [self.slots[slot]], [], 0)[1]:
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.001)

    def call(self, slot, method, args):
        if method == "socket":
            self.slots[slot] = self.socket.socket(*args)
            return None
        if method == "select":
            return self.call_select(*args)
        sock = self.slots[slot]
        if method in ("accept", "dup"):
            return self.call_for_socket(sock, method, args)
        buffers = []
        given = [self.decode(each, sock, buffers) for each in args]
        if sock.type == SOCK_DGRAM and method != "bind":
            given = [with_port(each) for each in given]
        value = getattr(sock, method)(*given)
        if method == "detach":
            if value != -1:
                self.socket.close(value)
            return value != -1
        filled = [bytes(each) for each in buffers]
        return (self.encode(value), *filled) if filled else self.encode(value)

    def call_select(self, *lists):
        slots = [[each for each in slots if each in self.slots]
                 for slots in lists]
        socks = [[self.slots[each] for each in each_list]
                 for each_list in slots]
        ready = self.select.select(*socks, [], 0)
        return [[slot for slot, sock in zip(slots[i], socks[i])
                 if any(sock is each for each in ready[i])] for i in (0, 1)]

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
