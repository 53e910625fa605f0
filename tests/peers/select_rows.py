"""Runs the calls of select_python_test.ts on CPython's own select and selectors.

Reads {"scripts": [...], "states": [...]} as JSON from stdin, and writes what
each call came to, and what each state of a socket is ready for, to stdout.
"""

import json
import re
import select
import selectors
import socket
import struct
import sys
import tempfile

FOLDER = tempfile.TemporaryDirectory(prefix="select_rows_")


def connected():
    """A client and the other end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.socket()
        client.connect(listener.getsockname())
        return client, listener.accept()[0]


def sockets():
    """The sockets that the scripts name."""
    idle, idle_peer = connected()
    full_of_news, peer = connected()
    peer.send(b"news")
    closed = socket.socket()
    closed.close()
    return {
        "idle": idle,
        "news": full_of_news,
        "fresh": socket.socket(),
        "listening": socket.create_server(("127.0.0.1", 0)),
        "closed": closed,
        "_": idle_peer,
        "__": peer,
    }


class HasFileno:
    def __init__(self, told):
        self.told = told

    def fileno(self):
        return self.told


def decode(value, named):
    if isinstance(value, list):
        return [decode(each, named) for each in value]
    if not isinstance(value, dict) or not value:
        return value
    [(kind, content)] = value.items()
    if kind == "sock":
        return named[content]
    if kind == "int":
        return int(content)
    if kind == "float":
        return float(content)
    if kind == "bytes":
        return bytes(content)
    if kind == "says":
        return HasFileno(decode(content, named))
    if kind == "has":
        sock = named[content]
        return HasFileno(sock.fileno())
    raise ValueError(kind)


def encode(value, named):
    for name, sock in named.items():
        if value is sock:
            return {"sock": name}
    if isinstance(value, selectors.SelectorKey):
        return [encode(value.fileobj, named), value.events,
                encode(value.data, named)]
    if isinstance(value, selectors._SelectorMapping):
        return [encode(each, named) for each in value.values()]
    if isinstance(value, HasFileno):
        return "object"
    if isinstance(value, (list, tuple)):
        return [encode(each, named) for each in value]
    return value


def outcome(call, named):
    try:
        return encode(call(), named)
    except Exception as error:
        message = re.sub(r"(fd=|FD )\d+", r"\1?", str(error))
        message = re.sub(r"<__main__[^>]*>", "OBJECT", message)
        message = re.sub(r"', \d{4,5}", "', PORT", message)
        return {"error": type(error).__name__,
                "errno": getattr(error, "errno", None), "message": message}


def run(script):
    named = sockets()
    target = select
    if script["target"] != "select":
        target = getattr(selectors, script["target"])()
    outcomes = []
    for method, args in script["calls"]:
        def call():
            if method == "close_socket":
                return named[args[0]].close()
            given = [decode(each, named) for each in args]
            return getattr(target, method)(*given)
        outcomes.append(outcome(call, named))
    if target is not select:
        target.close()
    for each in named.values():
        each.close()
    return outcomes


def states():
    """Every state of a socket, by name, with what has to live as long."""

    def pair(change):
        def make():
            one, other = connected()
            change(one, other)
            return one, other
        return make

    def unix_pair(change):
        def make():
            one, other = socket.socketpair()
            change(one, other)
            return one, other
        return make

    def bound():
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        return sock,

    def listening():
        return socket.create_server(("127.0.0.1", 0)),

    def with_connection():
        listener = socket.create_server(("127.0.0.1", 0))
        return listener, socket.create_connection(listener.getsockname())

    def shut_listener():
        listener = socket.create_server(("127.0.0.1", 0))
        listener.shutdown(socket.SHUT_RDWR)
        return listener,

    def connecting(address, *rest):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(address)
        return sock, *rest

    def silent():
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        address = listener.getsockname()
        queued = []
        while True:
            sock = socket.socket()
            sock.settimeout(0.2)
            queued.append(sock)
            try:
                sock.connect(address)
            except TimeoutError:
                return connecting(address, listener, *queued)

    def refused():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
        made = connecting(address)
        select.select([], made, [], 5)
        return made

    def refused_and_told():
        made = refused()
        made[0].connect_ex(("127.0.0.1", 1))
        return made

    def succeeded():
        listener = socket.create_server(("127.0.0.1", 0))
        made = connecting(listener.getsockname(), listener)
        select.select([], made[:1], [], 5)
        return made

    def udp(*datagrams):
        def make():
            one, other = (socket.socket(type=socket.SOCK_DGRAM) for _ in "ab")
            one.bind(("127.0.0.1", 0))
            for data in datagrams:
                other.sendto(data, one.getsockname())
            return one, other
        return make

    def unix_datagrams(change):
        def make():
            one, other = socket.socketpair(type=socket.SOCK_DGRAM)
            change(one, other)
            return one, other
        return make

    def reset(one, other):
        linger = struct.pack("ii", 1, 0)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        other.close()

    def fill(one, other):
        one.setblocking(False)
        try:
            while True:
                one.send(bytes(65536))
        except BlockingIOError:
            pass

    def half_and_closed(one, other):
        one.shutdown(socket.SHUT_WR)
        other.close()

    changes = {
        "idle": lambda one, other: None,
        "with data": lambda one, other: other.send(b"x"),
        "ended by the peer": lambda one, other: other.shutdown(socket.SHUT_WR),
        "closed by the peer": lambda one, other: other.close(),
    }
    return {
        "fresh": lambda: (socket.socket(),),
        "bound": bound,
        "listening": listening,
        "listening, with a connection": with_connection,
        "listening, shut down": shut_listener,
        **{f"connected, {name}": pair(change)
           for name, change in changes.items()},
        "connected, reset": pair(reset),
        "connected, SHUT_RD": pair(lambda one, _: one.shutdown(socket.SHUT_RD)),
        "connected, SHUT_WR": pair(lambda one, _: one.shutdown(socket.SHUT_WR)),
        "connected, SHUT_RDWR": pair(
            lambda one, _: one.shutdown(socket.SHUT_RDWR)),
        "connected, SHUT_WR and closed by the peer": pair(half_and_closed),
        "connected, buffer full": pair(fill),
        "connecting": silent,
        "connecting, refused": refused,
        "connecting, refused and told": refused_and_told,
        "connecting, succeeded": succeeded,
        "Unix, fresh": lambda: (socket.socket(socket.AF_UNIX),),
        **{f"Unix, {name}": unix_pair(change)
           for name, change in changes.items()},
        "UDP, fresh": lambda: (socket.socket(type=socket.SOCK_DGRAM),),
        "UDP, bound": udp(),
        "UDP, with a datagram": udp(b"x"),
        "UDP, with an empty datagram": udp(b""),
        "Unix datagrams, fresh":
            lambda: (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),),
        "Unix datagrams, idle": unix_datagrams(lambda one, other: None),
        "Unix datagrams, with a datagram":
            unix_datagrams(lambda one, other: other.send(b"x")),
        "Unix datagrams, closed by the peer":
            unix_datagrams(lambda one, other: other.close()),
    }


def readiness(make):
    made = make()
    sock = made[0]
    readable, writable, exceptional = select.select([sock], [sock], [sock], 0)
    for each in made:
        each.close()
    return ("r" if readable else "-") + ("w" if writable else "-") + (
        "x" if exceptional else "-")


if __name__ == "__main__":
    scripts = json.load(sys.stdin)
    json.dump({
        "python": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
        "outcomes": [run(script) for script in scripts],
        "states": {name: readiness(make) for name, make in states().items()},
    }, sys.stdout)
