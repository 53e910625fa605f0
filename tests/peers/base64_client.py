"""Sends each line of input in base64, a line each, and prints the answers.

All are on their way before the first answer is read.
"""

import base64
import socket
import sys

with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 15) as sk:
    lines = sys.stdin.read().splitlines()
    encoded = [base64.b64encode(line.encode()) + b"\n" for line in lines]
    sk.sendall(b"".join(encoded))
    sk.shutdown(socket.SHUT_WR)
    with sk.makefile("rb") as file:
        for answer in file:
            print(base64.b64decode(answer, validate=False).decode())
