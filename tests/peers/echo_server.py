"""An echo server with one thread a client. Prints its port, then serves."""

import socket
import threading


def serve(conn):
    with conn:
        while True:
            data = conn.recv(1024)
            if not data:
                break
            conn.sendall(data)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
while True:
    conn, address = listener.accept()
    threading.Thread(target=serve, args=(conn,), daemon=True).start()
