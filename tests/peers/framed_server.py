"""Echoes messages, each after its length, with one thread a client.

The answers leave in pieces of one byte while they are short.
"""

import socket
import struct
import threading


def serve(conn):
    with conn, conn.makefile("rb") as file:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while header := file.read(4):
            message = file.read(*struct.unpack(">I", header))
            answer = header + message
            for byte in answer[:20]:
                conn.sendall(bytes([byte]))
            conn.sendall(answer[20:])


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
while True:
    conn, address = listener.accept()
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
