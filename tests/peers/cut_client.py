"""Sends its input byte by byte, and prints what the server sends up to the end.

    cut_client.py PORT
"""

import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=15) as sk:
    sk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in sys.stdin.buffer.read():
        sk.sendall(bytes([byte]))
    sk.shutdown(socket.SHUT_WR)
    with sk.makefile("r", encoding="utf-8", newline="\n") as replies:
        sys.stdout.write(replies.read())
