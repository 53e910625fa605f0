"""Talks with a server that echoes messages, each after its length.

Prints one line for each case that is right.
"""

import os
import socket
import struct
import sys
import threading

from receiving import receive_exactly

ADDRESS = ("127.0.0.1", int(sys.argv[1]))


def pack(message):
    return struct.pack(">I", len(message)) + message


def receive(sk):
    """The next message, or None at the end of the stream."""
    header = receive_exactly(sk, 4)
    if not header:
        return None
    (size,) = struct.unpack(">I", header)
    message = receive_exactly(sk, size)
    if len(header) < 4 or len(message) < size:
        sys.exit("the stream ended inside a message")
    return message


def check(case, messages, piece_size=None):
    """Sends all messages, in pieces of a size, then half-closes."""
    stream = b"".join(pack(message) for message in messages)
    step = piece_size or len(stream)
    with socket.create_connection(ADDRESS, timeout=15) as sk:
        sk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send():
            for start in range(0, len(stream), step):
                sk.sendall(stream[start:start + step])
            sk.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        answers = list(iter(lambda: receive(sk), None))
        sender.join()
    if answers != messages:
        sys.exit(f"{case}: {len(answers)} of {len(messages)} messages")
    print(case)


check("one message", [b"hello"])
check("empty messages", [b""] * 100)
check("Chinese text", ["你好，世界\n".encode()])
check("any bytes", [os.urandom(size) for size in range(300)])
check("byte by byte", ["半个汉字".encode(), b"", b"\n"], 1)
check("1 MiB", [os.urandom(1024 * 1024)] * 2)
check("10,000 in one go", [b"%d" % number for number in range(10_000)])
