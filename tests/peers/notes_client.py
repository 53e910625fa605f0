"""A TCP client as in many notes: send a line, then recv(1024)."""

import socket
import sys

sk = socket.socket()
sk.connect(("127.0.0.1", int(sys.argv[1])))
while True:
    line = sys.stdin.readline().rstrip("\n")
    if line in ("", "q"):
        break
    sk.send(line.encode("utf-8"))
    data = sk.recv(1024)
    print(data.decode("utf-8"))
sk.close()
