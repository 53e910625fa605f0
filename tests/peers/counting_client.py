"""Sends lines to the server of send_sendall, and expects its exact answers.

Prints one line for each case that is right.
"""

import socket
import sys

ADDRESS = ("127.0.0.1", int(sys.argv[1]))


def check(case, answer, expected):
    if answer != expected:
        sys.exit(f"{case}: {answer!r} and not {expected!r}")
    print(case)


with socket.create_connection(ADDRESS, timeout=15) as sk:
    with sk.makefile("r", encoding="utf-8", newline="\n") as answers:
        sk.sendall("你好\n".encode())
        check("Chinese", answers.readline(), "received 7 bytes\n")
        sk.sendall(b"\n")
        check("an empty line", answers.readline(), "received 8 bytes\n")
        sk.sendall(b"a\nbc\n")
        check("two at once", answers.readline() + answers.readline(),
              "received 10 bytes\nreceived 13 bytes\n")
        sk.sendall(b"x" * 3_000_000 + b"\n")
        check("3 MB", answers.readline(), "received 3000014 bytes\n")
        sk.sendall(b"no end")
        sk.shutdown(socket.SHUT_WR)
        check("half-close", answers.read(), "received 3000020 bytes\n")
with socket.create_connection(ADDRESS, timeout=15) as sk:
    sk.shutdown(socket.SHUT_WR)
    check("nothing", sk.recv(100), b"")
