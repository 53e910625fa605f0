"""The server of sticky in Python: each recv is taken for one message.

With a number it waits for so many bytes first, so that messages stick for sure.
"""

import json
import socket
import sys

from serving import serve_clients


def serve(conn, wait):
    with conn:
        if wait > 0:
            conn.recv(wait, socket.MSG_PEEK | socket.MSG_WAITALL)
        while data := conn.recv(1024):
            text = json.dumps(data.decode(errors="replace"),
                              ensure_ascii=False)
            unit = "byte" if len(data) == 1 else "bytes"
            conn.sendall(f"1 message of {len(data)} {unit}: {text}\n".encode())


serve_clients(serve, int(sys.argv[1]) if len(sys.argv) > 1 else 0)
