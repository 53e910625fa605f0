"""The server of send_sendall in Python, one thread a client."""

from serving import serve_clients


def serve(conn):
    total = 0
    with conn, conn.makefile("rb") as lines:
        for line in lines:
            total += len(line)
            unit = "byte" if total == 1 else "bytes"
            conn.sendall(b"received %d %s\n" % (total, unit.encode()))


serve_clients(serve)
