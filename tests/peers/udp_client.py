"""Checks a UDP echo server by plain CPython, and names each check that holds.

    udp_client.py PORT
"""

import os
import socket
import sys

SERVER = ("127.0.0.1", int(sys.argv[1]))


def create_client():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(20)
    return sock


def check(name, datagrams):
    with create_client() as sock:
        for data in datagrams:
            assert sock.sendto(data, SERVER) == len(data), name
        for data in datagrams:
            assert sock.recvfrom(65535) == (data, SERVER), name
    print(name)


check("1 byte", [b"x"])
check("Chinese text", ["你好，世界".encode()])
check("an empty datagram", [b""])
check("65507 bytes", [os.urandom(65507)])
check("each by itself", [b"one", b"", b"two", b"three"])

clients = [create_client() for _ in range(100)]
for number, sock in enumerate(clients):
    sock.sendto(b"%d" % number, SERVER)
for number, sock in enumerate(clients):
    assert sock.recvfrom(65535) == (b"%d" % number, SERVER)
    sock.close()
print("100 clients at once")
