"""The servers of two lessons in Python, which reply byte by byte.

    line_server.py text     how many characters and bytes a line has, and its text
    line_server.py count    how many bytes it has, and, at the end, all of them
"""

import socket
import sys

from serving import serve_clients


def format_number(number, unit):
    return f"{number} {unit}{'' if number == 1 else 's'}"


def measure(data):
    size = format_number(len(data), "byte")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return f"not UTF-8, {size}"
    return f"{format_number(len(text), 'character')}, {size}: {text}"


def reply(conn, text):
    for byte in f"{text}\n".encode():
        conn.sendall(bytes([byte]))


def serve(conn):
    total = 0
    with conn, conn.makefile("rb") as lines:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in lines:
            data = line.rstrip(b"\n")
            total += len(line)
            if KIND == "text":
                reply(conn, measure(data))
            else:
                reply(conn, format_number(len(data), "byte"))
        if KIND == "count":
            size = format_number(total, "byte")
            reply(conn, f"end after {size}, line feeds included")


KIND = sys.argv[1]
serve_clients(serve)
