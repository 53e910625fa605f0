"""Answers each line of base64 with that of the same text, a thread a client.

The answers leave byte by byte while they are short.
"""

import base64

from serving import send_cut, serve_clients


def serve(conn):
    with conn, conn.makefile("rb") as file:
        for line in file:
            text = base64.b64decode(line.rstrip(b"\n"), validate=True).decode()
            answer = base64.b64encode(text.encode()) + b"\n"
            send_cut(conn, answer)


serve_clients(serve)
