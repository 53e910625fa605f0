"""Runs the scripts of file_differential_test.ts on CPython's own files.

Reads the scripts as JSON from stdin and writes what each step came to, in the
same order, as JSON to stdout.
"""

import json
import re
import socket
import sys


def connected():
    """A socket, and its peer."""
    listener = socket.create_server(("127.0.0.1", 0))
    sock = socket.create_connection(listener.getsockname())
    peer, _ = listener.accept()
    listener.close()
    return sock, peer


def fill(sock):
    """Sends until there is no room."""
    timeout = sock.gettimeout()
    sock.setblocking(False)
    try:
        while True:
            sock.send(bytes(65536))
    except BlockingIOError:
        pass
    sock.settimeout(timeout)


def take(peer):
    """What the peer has got so far."""
    peer.setblocking(False)
    taken = b""
    try:
        while piece := peer.recv(65536):
            taken += piece
    except BlockingIOError:
        pass
    peer.setblocking(True)
    return taken


def decode(value):
    if isinstance(value, dict) and "bytes" in value:
        return value["bytes"].encode("latin-1")
    if isinstance(value, dict) and "room" in value:
        return bytearray(value["room"])
    if isinstance(value, list):
        return [decode(each) for each in value]
    return value


def encode(value):
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, (list, tuple)):
        return [encode(each) for each in value]
    if hasattr(value, "readable"):
        return type(value).__name__
    return value


class Stage:
    def __init__(self):
        self.sock, self.peer = connected()
        self.files = {}

    def play(self, step):
        target, method, *args = step
        if target == "peer":
            return self.play_peer(method, args)
        if target == "sock":
            if method == "fill":
                return fill(self.sock)
            return getattr(self.sock, method)(*map(decode, args))
        if method == "=":
            mode, *options = args
            options = options[0] if options else {}
            self.files[target] = self.sock.makefile(mode, **options)
            return self.files[target]
        file = self.files[target]
        if method.startswith("."):
            return getattr(file, method[1:])
        if method == "list":
            return list(file)
        if method == "next":
            return next(file)
        if method == "iter":
            iter(file)
            return None
        if method == "repr":
            return re.sub(r" at 0x\w+", "", re.sub(r"name=\d+", "name=?", repr(file)))
        if method == "reconfigure":
            return file.reconfigure(**args[0])
        args = [decode(each) for each in args]
        value = getattr(file, method)(*args)
        if method.startswith("readinto"):
            return [value, *args]
        return value

    def play_peer(self, method, args):
        if method == "send":
            return self.peer.sendall(args[0].encode("latin-1"))
        if method == "end":
            return self.peer.shutdown(socket.SHUT_WR)
        return take(self.peer)


def outcome(stage, step):
    try:
        return encode(stage.play(step))
    except StopIteration:
        return "StopIteration"
    except Exception as error:
        told = {"error": type(error).__name__, "message": str(error)}
        if getattr(error, "errno", None) is not None:
            told["errno"] = error.errno
        if isinstance(error, BlockingIOError):
            told["written"] = getattr(error, "characters_written", None)
        return told


def run(script):
    stage = Stage()
    outcomes = [outcome(stage, step) for step in script]
    for file in stage.files.values():
        try:
            file.close()
        except (OSError, ValueError):
            pass
    stage.sock.close()
    stage.peer.close()
    return outcomes


if __name__ == "__main__":
    scripts = json.load(sys.stdin)
    json.dump({
        "python": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
        "outcomes": [run(script) for script in scripts],
    }, sys.stdout)
