"""Answers each line of base64 with that of the same text, a thread a client.

The answers leave byte by byte while they are short.
"""

import base64
import socket
import threading


def serve(conn):
    with conn, conn.makefile("rb") as file:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in file:
            text = base64.b64decode(line.rstrip(b"\n"), validate=True).decode()
            answer = base64.b64encode(text.encode()) + b"\n"
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
