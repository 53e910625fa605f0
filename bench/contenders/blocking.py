"""CPython's blocking sockets; ../_roles.ts says what each role is.

A fifth argument `timeout` sets one on every socket, `shared` lets others listen
at the same port. `serve` has a thread for each client.
"""

import socket
import sys
import threading
import time

WINDOW = 64
ROLE, ADDRESS, SIZE, COUNT = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5])
IS_PATH = "/" in ADDRESS
if sys.argv[5:] == ["timeout"]:
    socket.setdefaulttimeout(5)


def listen():
    if IS_PATH:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(ADDRESS)
        listener.listen(4096)
        print(ADDRESS, flush=True)
    else:
        listener = socket.create_server(
            ("127.0.0.1", int(ADDRESS)),
            backlog=4096,
            reuse_port=sys.argv[5:] == ["shared"],
        )
        print(listener.getsockname()[1], flush=True)
    return listener


def connect():
    if not IS_PATH:
        return socket.create_connection(("127.0.0.1", int(ADDRESS)))
    conn = socket.socket(socket.AF_UNIX)
    conn.connect(ADDRESS)
    return conn


def accept_one(role):
    with listen() as listener:
        conn, _ = listener.accept()
    with conn:
        role(conn)


def report(start):
    print(time.perf_counter() - start, flush=True)


def check_total(total, expected):
    assert total == expected, f"Bytes are missing: {total} of {expected}"


def echo(conn):
    buffer = memoryview(bytearray(SIZE))
    while count := conn.recv_into(buffer):
        conn.sendall(buffer[:count])


def serve():
    def visit(conn):
        with conn:
            echo(conn)

    with listen() as listener:
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=visit, args=[conn], daemon=True).start()


def greet():
    with listen() as listener:
        while True:
            listener.accept()[0].close()


def repeat_ping(ping, times):
    ping(times)
    start = time.perf_counter()
    ping(times)
    report(start)


def ping():
    message = bytearray(SIZE)
    reply = memoryview(bytearray(SIZE))

    def repeat(times):
        for i in range(times):
            message[0] = i & 255
            conn.sendall(message)
            got = conn.recv_into(reply)
            while got < SIZE:
                got += conn.recv_into(reply[got:])
            assert reply[0] == message[0], "The echo is not mine"

    with connect() as conn:
        repeat_ping(repeat, COUNT)


def source(conn):
    piece = bytes(SIZE)
    for _ in range(COUNT):
        conn.sendall(piece)


def lines(conn):
    """Sends lines, for the contenders' files to read."""
    line = b"x" * (SIZE - 1) + b"\n"
    block = line * 1000
    assert COUNT % 1000 == 0
    for _ in range(COUNT // 1000):
        conn.sendall(block)


def drain():
    buffer = bytearray(SIZE)
    with connect() as conn:
        total = conn.recv_into(buffer)
        start = time.perf_counter()
        while got := conn.recv_into(buffer):
            total += got
        report(start)
    check_total(total, SIZE * COUNT)


def gather():
    with connect() as conn:
        total = len(conn.recv(SIZE))
        start = time.perf_counter()
        while data := conn.recv(SIZE):
            total += len(data)
        report(start)
    check_total(total, SIZE * COUNT)


def sink(conn):
    buffer = bytearray(256 * 1024)
    total = 0
    while got := conn.recv_into(buffer):
        total += got
    conn.sendall(str(total).encode())


def end_pouring(conn, start):
    conn.shutdown(socket.SHUT_WR)
    total = int(conn.recv(100))
    report(start)
    check_total(total, SIZE * COUNT)


def pour():
    with connect() as conn:
        start = time.perf_counter()
        source(conn)
        end_pouring(conn, start)


def trickle():
    piece = memoryview(bytes(SIZE))
    with connect() as conn:
        start = time.perf_counter()
        left = SIZE * COUNT
        while left > 0:
            left -= conn.send(piece[:left] if left < SIZE else piece)
        end_pouring(conn, start)


def churn():
    def repeat(times):
        for _ in range(times):
            with connect() as conn:
                check_total(len(conn.recv(1)), 0)

    repeat_ping(repeat, COUNT)


def bind():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return sock


def udp_echo():
    buffer = memoryview(bytearray(SIZE))
    with bind() as sock:
        print(sock.getsockname()[1], flush=True)
        while True:
            count, address = sock.recvfrom_into(buffer)
            if count == 0:
                return
            sock.sendto(buffer[:count], address)


def udp_ping():
    message = bytearray(SIZE)
    reply = bytearray(SIZE)
    to = ("127.0.0.1", int(ADDRESS))

    def repeat(times):
        for i in range(times):
            message[0] = i & 255
            sock.sendto(message, to)
            check_total(sock.recvfrom_into(reply)[0], SIZE)
            assert reply[0] == message[0], "The echo is not mine"

    with bind() as sock:
        repeat_ping(repeat, COUNT)
        sock.sendto(b"", to)


def udp_sink():
    buffer = bytearray(SIZE)
    with bind() as sock:
        print(sock.getsockname()[1], flush=True)
        for i in range(1, COUNT + 1):
            got, address = sock.recvfrom_into(buffer)
            check_total(got, SIZE)
            if i % WINDOW == 0:
                sock.sendto(b"\0", address)


def udp_flood():
    message = bytes(SIZE)
    to = ("127.0.0.1", int(ADDRESS))
    with bind() as sock:
        start = time.perf_counter()
        for i in range(1, COUNT + 1):
            sock.sendto(message, to)
            if i % WINDOW == 0:
                sock.recv(1)
        report(start)


ROLES = {
    "echo": lambda: accept_one(echo),
    "source": lambda: accept_one(source),
    "lines": lambda: accept_one(lines),
    "sink": lambda: accept_one(sink),
    "serve": serve,
    "greet": greet,
    "ping": ping,
    "drain": drain,
    "gather": gather,
    "pour": pour,
    "trickle": trickle,
    "churn": churn,
    "udp_echo": udp_echo,
    "udp_ping": udp_ping,
    "udp_sink": udp_sink,
    "udp_flood": udp_flood,
}
ROLES[ROLE]()
