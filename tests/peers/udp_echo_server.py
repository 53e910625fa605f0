"""A UDP echo server in plain CPython."""

import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.bind(("127.0.0.1", 0))
    print("listening on %s:%d" % sock.getsockname(), flush=True)
    while True:
        data, address = sock.recvfrom(65535)
        sock.sendto(data, address)
