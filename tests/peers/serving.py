"""What the servers here share: how they begin, and a thread for each client."""

import socket
import threading


def serve_clients(serve, *args):
    """Prints the port, then has `serve(conn, *args)` serve everybody who comes."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, *args), daemon=True).start()


def send_cut(conn, data):
    """Sends the first bytes one by one, so that the client gets them in pieces."""
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data[:20]:
        conn.sendall(bytes([byte]))
    conn.sendall(data[20:])
