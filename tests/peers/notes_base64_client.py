"""A client as in some notes: base64 with nothing after it, then recv(512)."""

import base64
import socket
import sys

BUFLEN = 512

client = socket.socket()
client.connect(("127.0.0.1", int(sys.argv[1])))
for line in sys.stdin:
    info = base64.b64encode(line.rstrip("\n").encode("utf-8"))
    client.send(info)
    received = client.recv(BUFLEN)
    received1 = base64.b64decode(received)
    print(received1.decode("utf-8"))
client.close()
