"""A server as in some notes: one client, one recv for a message, no answer."""

import base64
import socket

BUFLEN = 512

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(2)
print(f"listening on 127.0.0.1:{server.getsockname()[1]}", flush=True)
data, address = server.accept()
while True:
    receive = data.recv(BUFLEN)
    if not receive:
        break
    info1 = base64.b64decode(receive)
    print(info1, flush=True)
data.close()
server.close()
