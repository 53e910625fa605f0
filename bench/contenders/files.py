"""CPython's `makefile`, by the line."""

import socket
import sys
import time

ROLE, ADDRESS, SIZE, COUNT = sys.argv[1], *map(int, sys.argv[2:5])


def check_total(total, expected):
    assert total == expected, f"Bytes are missing: {total} of {expected}"


def read(mode, **options):
    found = total = 0
    with sock.makefile(mode, **options) as file:
        for line in file:
            found += 1
            total += len(line)
    check_total(found, COUNT)
    check_total(total, COUNT * SIZE)


def write(mode, line, **options):
    with sock.makefile(mode, **options) as file:
        for _ in range(COUNT):
            file.write(line)
    sock.shutdown(socket.SHUT_WR)
    check_total(int(sock.recv(100)), COUNT * SIZE)


TEXT = "x" * (SIZE - 1) + "\n"
ROLES = {
    "read_text": lambda: read("r", encoding="utf-8"),
    "read_binary": lambda: read("rb"),
    "write_text": lambda: write("w", TEXT, encoding="utf-8"),
    "write_binary": lambda: write("wb", TEXT.encode()),
}
with socket.create_connection(("127.0.0.1", ADDRESS)) as sock:
    start = time.perf_counter()
    ROLES[ROLE]()
    print(time.perf_counter() - start)
