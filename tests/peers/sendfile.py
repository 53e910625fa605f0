"""Calls CPython's sendfile() with the rows of sendfile_test.ts.

Reads the rows as JSON from stdin and writes what each came to, in the same
order, as JSON to stdout.
"""

import io
import json
import socket
import sys
import tempfile


def source(kind, size):
    data = bytes(97 + i % 26 for i in range(size))
    if kind == "memory":
        return io.BytesIO(data)
    file = tempfile.TemporaryFile()
    file.write(data)
    file.flush()
    return file


def run(row):
    kind, size, position, state, args = row
    listener = socket.create_server(("127.0.0.1", 0))
    sock = socket.create_connection(listener.getsockname())
    peer, _ = listener.accept()
    listener.close()
    file = source(kind, size)
    file.seek(position)
    if state == "nonblocking":
        sock.setblocking(False)
    elif state == "timeout":
        sock.settimeout(5)
    elif state == "shut":
        sock.shutdown(socket.SHUT_WR)
    elif state == "closed":
        sock.close()
    try:
        outcome = sock.sendfile(file, *args)
    except Exception as error:
        outcome = {"error": type(error).__name__, "message": str(error)}
    place = file.tell()
    file.close()
    sock.close()
    received = b""
    while piece := peer.recv(65536):
        received += piece
    peer.close()
    return [outcome, place, received.decode()]


if __name__ == "__main__":
    rows = json.load(sys.stdin)
    json.dump({
        "python": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
        "outcomes": [run(row) for row in rows],
    }, sys.stdout)
