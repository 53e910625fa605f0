"""The server of send_sendall in Python, one thread a client."""

import socket
import threading


def serve(conn):
    total = 0
    with conn, conn.makefile("rb") as lines:
        for line in lines:
            total += len(line)
            unit = "byte" if total == 1 else "bytes"
            conn.sendall(b"received %d %s\n" % (total, unit.encode()))


listener = socket.create_server(("127.0.0.1", 0))
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],),
                     daemon=True).start()
