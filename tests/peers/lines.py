"""Runs Python lines on CPython's own sockets, beside tests/_datagram_runner.ts.

Reads lists of lines as JSON from stdin and writes what each line came to, in
the same order, as JSON to stdout.
"""

import json
import os
import socket
import sys
import tempfile
import time

FOLDER = tempfile.TemporaryDirectory(prefix="lines_")
paths = 0


def path():
    global paths
    paths += 1
    return f"{FOLDER.name}/s{paths}"


class Names(dict):
    """The names of one script."""

    def __init__(self):
        super().__init__(vars(socket))
        self.sockets = []
        self.update(
            sock=self.sock,
            udp=lambda host="127.0.0.1": self.bound(socket.AF_INET, host),
            udp6=lambda host="::1": self.bound(socket.AF_INET6, host),
            unix=self.unix,
            pair=self.pair,
            path=path,
            refused=self.refused,
            stream=self.stream,
            touch=lambda name: open(name, "w").close(),
            unlink=os.unlink,
            exists=os.path.exists,
            len=len,
            buffer=bytearray,
            bytes=bytes,
            settle=lambda: time.sleep(0.02),
        )

    def keep(self, sock):
        self.sockets.append(sock)
        return sock

    def sock(self, family=socket.AF_INET, type=socket.SOCK_DGRAM, proto=0):
        return self.keep(socket.socket(family, type, proto))

    def bound(self, family, host):
        sock = self.sock(family)
        sock.bind((host, 0))
        return sock

    def unix(self, name=None):
        sock = self.sock(socket.AF_UNIX)
        if name is not None:
            sock.bind(name)
        return sock

    def pair(self):
        return [
            self.keep(each)
            for each in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ]

    def refused(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()

    def stream(self, name):
        sock = self.keep(socket.socket(socket.AF_UNIX))
        sock.bind(name)
        sock.listen()
        return sock


def show(value):
    """Tuples and lists look the same, and long bytes are told by their length."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        if len(data) > 40:
            return f"<{len(data)} bytes>"
        text = "".join(
            chr(each) if 32 <= each < 127 else f"\\x{each:02x}" for each in data
        )
        return f"b'{text}'"
    if isinstance(value, (tuple, list)):
        return f"({', '.join(map(show, value))})"
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return str(int(value))
    return repr(value)


def run(line, names):
    name, equals, expression = line.partition(" = ")
    is_assignment = equals and name.isidentifier()
    try:
        value = eval(expression if is_assignment else line, names)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if is_assignment:
        names[name] = value
        return ""
    return show(value)


def outcomes(lines):
    names = Names()
    results = [run(line, names) for line in lines]
    for sock in names.sockets:
        sock.close()
    return results


answer = {
    "python": f"{sys.version_info[0]}.{sys.version_info[1]} on {sys.platform}",
    "outcomes": [outcomes(lines) for lines in json.load(sys.stdin)],
}
sys.stdout.write(json.dumps(answer).replace(FOLDER.name, "FOLDER"))
