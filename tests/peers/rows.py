"""Runs the calls of differential_test.ts on CPython's own sockets.

Reads the scripts as JSON from stdin and writes what each call came to, in the
same order, as JSON to stdout.
"""

import json
import re
import socket
import sys
import tempfile

FOLDER = tempfile.TemporaryDirectory(prefix="rows_")
paths = 0


def fresh_path():
    global paths
    paths += 1
    return f"{FOLDER.name}/s{paths}"


def any_address(family):
    """An address that bind() takes."""
    if family == socket.AF_UNIX:
        return fresh_path()
    return ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0)


def listening(family):
    sock = socket.socket(family)
    sock.bind(any_address(family))
    sock.listen()
    return sock


def refusing(family):
    sock = listening(family)
    address = sock.getsockname()
    sock.close()
    return address


def connected(family, said=b""):
    """A socket that is connected to a peer, who has said something."""
    listener = listening(family)
    sock = socket.socket(family)
    sock.connect(listener.getsockname())
    peer, _ = listener.accept()
    listener.close()
    peer.sendall(said)
    return sock, peer


def in_state(state, family):
    """The socket of a script, and what else has to live as long."""
    if state == "connected":
        return connected(family, b"hello")
    if state == "idle":
        return connected(family)
    if state == "listening":
        return listening(family), None
    sock, peer = socket.socket(family), None
    if state == "bound":
        sock.bind(any_address(family))
    elif state == "refused":
        sock.connect_ex(refusing(family))
    elif state == "closed":
        sock.close()
    elif state == "detached":
        socket.close(sock.detach())
    elif state == "ended":
        sock.close()
        sock, peer = connected(family, b"hello")
        peer.shutdown(socket.SHUT_WR)
    elif state.startswith("shut_"):
        sock.close()
        sock, peer = connected(family, b"hello")
        sock.shutdown(["shut_rd", "shut_wr", "shut_rdwr"].index(state))
    return sock, peer


def decode(value, family, keep):
    """A Python value for a value of JSON; objects are what JSON lacks."""
    if isinstance(value, list):
        return tuple(decode(each, family, keep) for each in value)
    if not isinstance(value, dict) or not value:
        return value
    [(kind, content)] = value.items()
    if kind == "int":
        return int(content)
    if kind == "float":
        return float(content)
    if kind == "bytes":
        return bytes(content)
    if kind == "list":
        return content
    if kind == "bytearray":
        return bytearray(content)
    if content == "any":
        return any_address(family)
    if content == "refused":
        return refusing(family)
    listener = listening(family)
    keep.append(listener)
    return listener.getsockname()


def encode(value):
    if isinstance(value, socket.socket):
        value.close()
        return "socket"
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": list(value)}
    if isinstance(value, str) and value.startswith(FOLDER.name):
        return "PATH"
    if isinstance(value, (tuple, list)):
        return ["PORT" if type(each) is int and each > 1024 else encode(each)
                for each in value]
    return value


def outcome(target, family, method, args, keep):
    options = {}
    if args and isinstance(args[-1], dict) and "options" in args[-1]:
        options = args[-1]["options"]
        args = args[:-1]
    try:
        args = [decode(each, family, keep) for each in args]
        value = getattr(target, method)(*args, **options)
        if method == "detach" and value != -1:
            socket.close(value)
            value = "descriptor"
        if method.startswith("create_"):
            value.close()
        return encode(value)
    except Exception as error:
        name = type(error).__name__
        message = str(error).replace(FOLDER.name, "PATH")
        return {"error": name, "errno": getattr(error, "errno", None),
                "message": re.sub(r"', \d{4,5}", "', PORT", message)}


def run(script):
    state, family, timeout = script["state"], script["family"], script["timeout"]
    keep = []
    target, peer = socket, None
    if state != "module":
        target, peer = in_state(state, family)
        if timeout is not None and state not in ("closed", "detached"):
            target.settimeout(timeout)
    outcomes = [
        outcome(target, family, method, args, keep)
        for method, args in script["calls"]
    ]
    for each in (target, peer, *keep):
        if isinstance(each, socket.socket):
            each.close()
    return outcomes


if __name__ == "__main__":
    scripts = json.load(sys.stdin)
    json.dump({
        "python": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
        "outcomes": [run(script) for script in scripts],
    }, sys.stdout)
