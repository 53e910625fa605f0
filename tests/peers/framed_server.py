"""Echoes messages, each after its length, with one thread a client.

The answers leave in pieces of one byte while they are short.
"""

import struct

from serving import send_cut, serve_clients


def serve(conn):
    with conn, conn.makefile("rb") as file:
        while header := file.read(4):
            message = file.read(*struct.unpack(">I", header))
            answer = header + message
            send_cut(conn, answer)


serve_clients(serve)
