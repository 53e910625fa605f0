"""An echo server on CPython's `selectors`: one thread for all clients."""

import selectors
import socket
import sys

ADDRESS, SIZE = int(sys.argv[2]), int(sys.argv[3])
buffer = memoryview(bytearray(SIZE))
selector = selectors.DefaultSelector()
listener = socket.create_server(("127.0.0.1", ADDRESS), backlog=4096)
listener.setblocking(False)
selector.register(listener, selectors.EVENT_READ)
print(listener.getsockname()[1], flush=True)
unsent = {}


def accept():
    conn, _ = listener.accept()
    conn.setblocking(False)
    selector.register(conn, selectors.EVENT_READ)


def echo(conn):
    count = conn.recv_into(buffer)
    if count == 0:
        selector.unregister(conn)
        conn.close()
        return
    sent = conn.send(buffer[:count])
    if sent < count:
        unsent[conn] = bytes(buffer[sent:count])
        selector.modify(conn, selectors.EVENT_WRITE)


def flush(conn):
    unsent[conn] = unsent[conn][conn.send(unsent[conn]) :]
    if not unsent[conn]:
        selector.modify(conn, selectors.EVENT_READ)


while True:
    for key, events in selector.select():
        if key.fileobj is listener:
            accept()
        elif events & selectors.EVENT_WRITE:
            flush(key.fileobj)
        else:
            echo(key.fileobj)
