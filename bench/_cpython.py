"""CPython's blocking sockets in the benchmark; see _roles.ts for the roles."""

import socket
import sys
import time


def echo(conn, size, _count):
    buffer = memoryview(bytearray(size))
    while count := conn.recv_into(buffer):
        conn.sendall(buffer[:count])


def ping(conn, size, count):
    message = bytearray(size)
    reply = memoryview(bytearray(size))

    def repeat(times):
        for i in range(times):
            message[0] = i & 255
            conn.sendall(message)
            got = conn.recv_into(reply)
            while got < size:
                got += conn.recv_into(reply[got:])
            assert reply[0] == message[0], "the echo is not mine"

    repeat(count // 10)
    start = time.perf_counter()
    repeat(count)
    print(time.perf_counter() - start)


def source(conn, size, count):
    piece = bytes(size)
    for _ in range(count):
        conn.sendall(piece)


def receive_all(conn, size):
    buffer = bytearray(size)
    total = 0
    while got := conn.recv_into(buffer):
        total += got
    return total


def drain(conn, size, count):
    total = len(conn.recv(size))
    start = time.perf_counter()
    total += receive_all(conn, size)
    print(time.perf_counter() - start)
    assert total == size * count, "bytes are missing"


def sink(conn, size, _count):
    conn.sendall(str(receive_all(conn, size)).encode())


def pour(conn, size, count):
    start = time.perf_counter()
    source(conn, size, count)
    conn.shutdown(socket.SHUT_WR)
    total = int(conn.recv(100))
    print(time.perf_counter() - start)
    assert total == size * count, "bytes are missing"


def main():
    role = globals()[sys.argv[1]]
    port, size, count = map(int, sys.argv[2:])
    if port == 0:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(listener.getsockname()[1], flush=True)
            conn, _ = listener.accept()
    else:
        conn = socket.create_connection(("127.0.0.1", port))
    with conn:
        role(conn, size, count)


main()
