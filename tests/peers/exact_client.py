"""Sends bytes to an echo server and expects exactly these back.

Prints one line for each case that is right.
"""

import os
import socket
import sys
import threading

from receiving import receive_exactly

ADDRESS = ("127.0.0.1", int(sys.argv[1]))


def echo(data):
    """Sends from one thread and receives in another, as long data needs."""
    with socket.create_connection(ADDRESS, timeout=15) as sk:
        sender = threading.Thread(target=sk.sendall, args=(data,))
        sender.start()
        answer = receive_exactly(sk, len(data))
        sender.join()
        return answer


def echo_after_half_close(data):
    """Says that there is no more, and only then receives."""
    with socket.create_connection(ADDRESS, timeout=15) as sk:
        sk.sendall(data)
        sk.shutdown(socket.SHUT_WR)
        # One byte more than there is: the end of the stream must come, too.
        return receive_exactly(sk, len(data) + 1)


def check(case, answer, data):
    if answer != data:
        sys.exit(f"{case}: {len(answer)} bytes came back, of {len(data)}")
    print(case)


def check_many(count):
    """Everybody is connected before anybody sends."""
    barrier = threading.Barrier(count)
    right = []

    def run(number):
        data = f"client {number} 客户端\n".encode() * 20
        with socket.create_connection(ADDRESS, timeout=15) as sk:
            barrier.wait(15)
            sk.sendall(data)
            if receive_exactly(sk, len(data)) == data:
                right.append(number)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(right) != count:
        sys.exit(f"{count} clients: {len(right)} were answered")
    print(f"{count} clients at once")


for case, data in [
    ("1 byte", b"x"),
    ("Chinese text", "你好，世界\n".encode()),
    ("1 MiB", os.urandom(1024 * 1024)),
]:
    check(case, echo(data), data)
data = os.urandom(10_000)
check("half-close", echo_after_half_close(data), data)
check("nothing", echo_after_half_close(b""), b"")
check_many(200)
