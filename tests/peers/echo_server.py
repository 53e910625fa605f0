"""An echo server with one thread a client. Prints its port, then serves."""

from serving import serve_clients


def serve(conn):
    with conn:
        while True:
            data = conn.recv(1024)
            if not data:
                break
            conn.sendall(data)


serve_clients(serve)
