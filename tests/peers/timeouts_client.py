"""A client that a server has to send away. Prints what it is told at the end.

silent: sends nothing. half: sends half a line. drip: one byte after the other,
and no end of the line. deaf: sends lines and receives nothing.
"""

import socket
import sys


def receive_all():
    """What comes until the end, which may be a reset while we still send."""
    pieces = []
    try:
        while piece := sk.recv(1024):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


def drip():
    """Sends until there is an answer. No single byte is long in coming."""
    sk.settimeout(0.02)
    while True:
        sk.sendall(b"x")
        try:
            first = sk.recv(1024)
            break
        except TimeoutError:
            pass
    sk.settimeout(15)
    return first + receive_all()


def stay_deaf():
    """Sends, first until neither end has room left, then until it is cut off."""
    sk.settimeout(None)
    try:
        while True:
            sk.sendall(b"x" * 32_000 + b"\n")
    except ConnectionError:
        return b""


mode = sys.argv[2]
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=15) as sk:
    if mode == "half":
        sk.sendall(b"ha")
    answer = {"drip": drip, "deaf": stay_deaf}.get(mode, receive_all)()
    sys.stdout.write(answer.decode())
