"""A server that a client has to give up. Prints its port, then serves badly.

silent: receives, and never answers. drip: answers one byte at a time, and never
ends its line. full: accepts nobody, and its queue is full already.
"""

import socket
import sys
import threading
import time

FULL_AFTER = 0.2


def answer_slowly(conn):
    with conn:
        try:
            while True:
                conn.sendall(b"x")
                time.sleep(0.02)
        except ConnectionError:
            pass  # The client has given up.


def fill(listener):
    """Connects until nobody gets in any more, and keeps these connections."""
    clients = []
    while True:
        client = socket.socket()
        client.settimeout(FULL_AFTER)
        try:
            client.connect(listener.getsockname())
        except TimeoutError:
            client.close()
            return clients
        clients.append(client)


mode = sys.argv[1]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(0 if mode == "full" else 128)
clients = fill(listener) if mode == "full" else []
print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
conns = []
while mode != "full":
    conn, _ = listener.accept()
    conns.append(conn)
    if mode == "drip":
        threading.Thread(target=answer_slowly, args=(conn,), daemon=True).start()
sys.stdin.read()
