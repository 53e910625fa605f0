"""Non-blocking clients of an echo server, all in one thread.

Prints one line for each case that is right.
"""

import errno
import os
import selectors
import socket
import sys

ADDRESS = ("127.0.0.1", int(sys.argv[1]))
BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE


class Client:
    def __init__(self, data):
        self.data = self.unsent = data
        self.answer = b""
        self.is_connected = False
        self.sk = socket.socket()
        self.sk.setblocking(False)
        code = self.sk.connect_ex(ADDRESS)
        if code not in (0, errno.EINPROGRESS):
            sys.exit(f"connect_ex: {errno.errorcode[code]}")

    def on_ready(self, events):
        """Does what can be done, and returns what to wait for next."""
        if not self.is_connected:
            code = self.sk.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                sys.exit(f"SO_ERROR: {errno.errorcode[code]}")
            self.is_connected = True
        if events & selectors.EVENT_READ:
            piece = self.sk.recv(65536)
            if not piece:
                self.sk.close()
                return 0
            self.answer += piece
        if events & selectors.EVENT_WRITE and self.unsent:
            self.unsent = self.unsent[self.sk.send(self.unsent):]
            if not self.unsent:
                self.sk.shutdown(socket.SHUT_WR)
        return BOTH if self.unsent else selectors.EVENT_READ


def run(case, clients):
    with selectors.DefaultSelector() as sel:
        for client in clients:
            sel.register(client.sk, BOTH, client)
        while sel.get_map():
            ready = sel.select(15)
            if not ready:
                sys.exit(f"{case}: nothing for 15 seconds")
            for key, events in ready:
                wanted = key.data.on_ready(events)
                if wanted:
                    sel.modify(key.fileobj, wanted, key.data)
                else:
                    sel.unregister(key.fd)
    for client in clients:
        if client.answer != client.data:
            count = len(client.answer)
            sys.exit(f"{case}: {count} bytes came back, of {len(client.data)}")
    print(case)


run("2 MiB both ways", [Client(os.urandom(2 * 1024 * 1024))])
run("300 clients at once", [Client(b"hello\n" * 500) for _ in range(300)])
