"""One end of a long run of datagrams: numbered ones out, acknowledged by
the window, then as many in.

    datagram_peer.py HOST_OR_PATH PORT COUNT WINDOW
"""

import socket
import sys

host, port, count, window = sys.argv[1], *map(int, sys.argv[2:])
if port == 0:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(host + ".peer")
    sock.connect(host)
else:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((host, port))
sock.settimeout(20)

for number in range(count):
    sock.send(b"%d" % number)
    if number % window == window - 1:
        assert sock.recv(100) == b"%d" % number
for number in range(count):
    data = sock.recv(100)
    assert data == b"%d" % number, (data, number)
    if number % window == window - 1:
        sock.send(data)
print("all", count)
