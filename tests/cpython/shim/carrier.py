"""The Python end of the bridge: carries calls to the Deno process and back.

Nothing here knows what a socket is. What the letters look like is said in
`wire.ts`.
"""

import _thread
import atexit
import itertools
import json
import os
import struct
from _queue import SimpleQueue

from shim import remote
from shim.descriptors import CONTROL
from shim.errors import JavaScriptError
from shim.originals import socket as cpython
from shim.values import FOREIGN, Call

HERE = os.path.dirname(os.path.abspath(__file__))


class Deno:
    """A process that runs `server.ts`, and the pipes to it."""

    def __init__(self):
        self.calls = {}
        self.ids = itertools.count(1)
        self.outbox = SimpleQueue()
        self.has_ended = False
        requests, self.requests = os.pipe()
        self.replies, replies = os.pipe()
        # By which files travel.
        self.control, control = cpython.socketpair()
        deno = os.environ.get("PYSOCKET_DENO", "deno")
        server = os.path.join(HERE, "..", "server.ts")
        self.pid = os.posix_spawnp(
            deno,
            [deno, "run", "-A", "--no-check", "--quiet", server],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, requests, 0),
                (os.POSIX_SPAWN_DUP2, replies, 1),
                (os.POSIX_SPAWN_DUP2, control.fileno(), CONTROL),
                # Taken, so that its numbers are not ours.
                *((os.POSIX_SPAWN_DUP2, 2, i) for i in range(3, CONTROL)),
            ],
        )
        os.close(requests)
        os.close(replies)
        control.close()
        atexit.register(self.end)
        hello, _ = read_letter(self.replies)
        self.modules = hello["modules"]
        for module in self.modules.values():
            for export in module["exports"].values():
                if "class" in export:
                    remote.descriptions[export["class"]["id"]] = export["class"]
        self.helpers = set()
        for loop in (self.write_letters, self.read_letters):
            self.helpers.add(_thread.start_new_thread(loop, ()))

    def end(self):
        self.has_ended = True
        os.close(self.requests)
        os.waitpid(self.pid, 0)

    def write_letters(self):
        while True:
            letter = memoryview(self.outbox.get())
            while letter:
                try:
                    letter = letter[os.write(self.requests, letter) :]
                except OSError:
                    return  # It has ended, which read_letters notices.

    def read_letters(self):
        while (letter := read_letter(self.replies)) is not None:
            inbox = self.calls.get(letter[0]["id"])
            # A signal may have ended the call meanwhile.
            if inbox is not None:
                inbox.put(letter)
        self.has_ended = True
        for inbox in list(self.calls.values()):
            inbox.put(None)

    def tell(self, text, pieces=()):
        """Sends a letter that has no reply; never waits, so finalizers may."""
        body = json.dumps(text).encode()
        size = sum(map(len, pieces))
        head = struct.pack("!II", len(body), size)
        self.outbox.put(b"".join((head, body, *pieces)))

    def act(self, how, target, name, args=(), into=None):
        """Has Deno do something, and waits until it has.

        Each call waits in a queue of its own, so that other threads go on, and
        a signal's handler runs, and ends the wait if it raises.
        """
        call = Call(self, into)
        encoded = [call.encode(each) for each in args]
        inbox = SimpleQueue()
        number = self.start(how, target, name, encoded, call.pieces, inbox)
        try:
            while True:
                letter = inbox.get()
                if letter is None:
                    raise JavaScriptError("the Deno process has ended")
                if "question" not in letter[0]:
                    return call.result(*letter)
                self.answer(*letter)
        finally:
            del self.calls[number]

    def start(self, how, target, name, args=(), pieces=(), inbox=None):
        """Has Deno begin something; what comes of it goes to the inbox, if any."""
        number = next(self.ids)
        if inbox is not None:
            self.calls[number] = inbox
            if self.has_ended:
                inbox.put(None)
        act = {"id": number, "how": how, "target": target, "name": name}
        self.tell({**act, "args": list(args)}, pieces)
        return number

    def answer(self, text, blob):
        """Calls a method of one of our objects, for Deno."""
        reply = Call(self)
        answer = {"answer": text["question"]}
        args = [reply.decode(each, blob) for each in text["args"]]
        # Deno may want its arrays filled.
        args = [bytearray(a) if isinstance(a, bytes) else a for a in args]
        try:
            method = getattr(FOREIGN.objects[text["foreign"]], text["name"])
            answer["result"] = reply.encode(method(*args))
        except BaseException as error:
            answer["error"] = FOREIGN.number(error)
        answer["buffers"] = [
            reply.add(bytes(each)) for each in args if isinstance(each, bytearray)
        ]
        self.tell(answer, reply.pieces)


def read_letter(fd):
    head = read_whole(fd, 8)
    if head is None:
        return None
    text, blob = (read_whole(fd, size) for size in struct.unpack("!II", head))
    return None if blob is None else (json.loads(text), blob)


def read_whole(fd, size):
    chunks = []
    while size > 0:
        chunk = os.read(fd, min(size, 1 << 20))
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
