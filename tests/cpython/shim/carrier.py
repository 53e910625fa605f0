"""The Python end of the bridge: carries calls to the Deno process and back.

Nothing here knows what a socket is. What the letters look like is said in
`wire.ts`.
"""

import _thread
import array
import ast
import atexit
import builtins
import collections.abc
import io
import itertools
import json
import math
import os
import struct
import weakref
from _queue import SimpleQueue

from shim.descriptors import CONTROL
from shim.originals import socket as cpython

HERE = os.path.dirname(os.path.abspath(__file__))
SAFE_INTEGER = 2**53 - 1
OMITTED = object()


class JavaScriptError(Exception):
    """What Deno threw and Python has no name for, or only a wrong one.

    No test expects it, so that a mistake over there cannot pass for an error
    that a test waits for.
    """


class Opaque:
    """An argument that Deno is only to keep, and to give back as it is."""

    def __init__(self, value):
        self.value = value


# ## The process


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
                    descriptions[export["class"]["id"]] = export["class"]
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


# ## Values


class Foreign:
    """Our objects that Deno knows by number."""

    def __init__(self):
        self.objects = {}
        self.numbers = {}

    def number(self, value):
        number = self.numbers.setdefault(id(value), len(self.numbers) + 1)
        self.objects[number] = value
        return number


FOREIGN = Foreign()


class Call:
    """One call's values on their way there and back."""

    def __init__(self, deno, into=None):
        self.deno = deno
        self.into = into
        self.pieces = []
        self.size = 0
        self.buffers = []

    def add(self, data):
        place = [self.size, len(data)]
        self.pieces.append(data)
        self.size += len(data)
        return place

    def encode(self, value):
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, int):
            value = int(value)
            return value if abs(value) <= SAFE_INTEGER else {"int": str(value)}
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, (bytes, bytearray, memoryview, array.array)):
            return self.encode_buffer(value)
        if isinstance(value, (list, tuple)):
            return [self.encode(each) for each in value]
        if isinstance(value, dict):
            return {"dict": {str(k): self.encode(v) for k, v in value.items()}}
        if isinstance(value, Remote):
            return {"handle": value._handle}
        if value is OMITTED:
            return {"omitted": True}
        if isinstance(value, Opaque):
            if value.value is None:
                return None
            return {"foreign": {"id": FOREIGN.number(value.value), **NOTHING}}
        if isinstance(value, collections.abc.Iterator) and not isinstance(
            value, io.IOBase
        ):
            return [self.encode(each) for each in value]
        return {"foreign": self.describe(value)}

    def encode_buffer(self, value):
        view = memoryview(value)
        if view.readonly or not view.contiguous:
            return {"bytes": self.add(view.tobytes())}
        self.buffers.append(view.cast("B"))
        return {"buffer": self.add(view.tobytes())}

    def describe(self, value):
        """What Deno may do with an object that stays here."""
        methods, attributes, constants = [], {}, {}
        for name in dir(value):
            if name.startswith("_"):
                continue
            try:
                attribute = getattr(value, name)
            except Exception:
                continue
            if name == "fileno":
                # What selects does not wait for an answer.
                try:
                    constants[name] = self.encode(attribute())
                except Exception:
                    methods.append(name)
            elif callable(attribute):
                methods.append(name)
            elif isinstance(attribute, (bool, int, str, type(None))):
                attributes[name] = self.encode(attribute)
        return {
            "id": FOREIGN.number(value),
            "type": type(value).__name__,
            "methods": methods,
            "attributes": attributes,
            "constants": constants,
        }

    def result(self, text, blob):
        """What came of the call; what it has written into our buffers first."""
        for view, (start, size) in zip(self.buffers, text.get("buffers", ())):
            view[:] = blob[start : start + size]
            view.release()
        if "error" in text:
            raise self.decode_error(text["error"], blob)
        return self.decode(text["result"], blob)

    def decode(self, value, blob):
        if isinstance(value, list):
            return tuple(self.decode(each, blob) for each in value)
        if not isinstance(value, dict):
            return value
        ((kind, content),) = list(value.items())[:1]
        if kind == "bytes":
            start, size = content
            return blob[start : start + size]
        if kind == "int":
            return int(content)
        if kind == "float":
            return float(content)
        if kind == "dict":
            return {k: self.decode(v, blob) for k, v in content.items()}
        if kind == "foreign":
            return FOREIGN.objects[content]
        if kind == "error":
            return self.decode_error(content, blob)
        if self.into is not None:
            self.into._adopt(self.deno, content)
            return self.into
        return remote(self.deno, content, value["class"], value["fields"])

    def decode_error(self, error, blob):
        if "python" in error:
            return FOREIGN.objects[error["python"]]
        made = None
        cls = exception_class(error["names"])
        if cls is not None and not is_engine_error(error):
            args = self.decode(error["args"], blob)
            if error["exceptions"] is not None:
                args = (error["text"], list(self.decode(error["exceptions"], blob)))
            elif cls is KeyError:
                # It prints its argument's repr().
                args = (ast.literal_eval(error["text"]),)
            made = cls(*args)
        # Python shall not put right what is wrong over there.
        if (
            made is None
            or type(made) is not cls
            or getattr(made, "errno", None) != error["errno"]
            or error["exceptions"] is None and str(made) != error["text"]
        ):
            names = error["names"][:1]
            made = JavaScriptError(*names, error["text"], error.get("stack"))
        return made


NOTHING = {"type": "object", "methods": [], "attributes": {}, "constants": {}}

# ## Errors

exceptions = {"UnsupportedOperation": io.UnsupportedOperation}


def exception_class(names):
    """Python's class for a class over there, named with its ancestors."""
    if not names or names[0] in ("Error", "RangeError"):
        return None
    name = names[0]
    known = exceptions.get(name) or getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return known
    base = exception_class(names[1:])
    if base is None:
        return None
    exceptions[name] = type(name, (base,), {"__module__": "socket"})
    return exceptions[name]


# How V8 words the mistakes of a program.
ENGINE_WORDS = (
    "is not a function",
    "is not a constructor",
    "is not iterable",
    "Cannot read properties",
    "Cannot set properties",
    "Cannot destructure",
    "Cannot convert",
    "Cannot mix",
    "is not defined",
)


def is_engine_error(error):
    return error["names"][0] == "TypeError" and any(
        words in error["text"] for words in ENGINE_WORDS
    )


# ## Objects that live in Deno

# By the number of the class over there.
descriptions = {}
classes = {}
# By its name, those that we do not make of its description.
written_classes = {}
remotes = weakref.WeakValueDictionary()


class Remote:
    """Stands for an object that lives in Deno."""

    __slots__ = ("_deno", "_handle", "_fields", "_owner", "__weakref__")

    def _adopt(self, deno, handle, fields=()):
        self._deno = deno
        self._handle = handle
        self._fields = fields
        # What shall live as long as this object.
        self._owner = None
        remotes[handle] = self

    def _call(self, name, *args):
        return self._deno.act("call", self._handle, name, args)

    def _get(self, name):
        return self._deno.act("get", self._handle, name)

    def __getattr__(self, name):
        if name != "_fields" and name in self._fields:
            return self._get(name)
        words = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise AttributeError(words)

    def __repr__(self):
        return self._call("toString")

    def __del__(self):
        # Not there if making the object failed.
        if hasattr(self, "_handle"):
            self._deno.tell({"drop": self._handle})


def remote(deno, handle, description, fields):
    """The object that stands for one in Deno: always the same while it lives."""
    known = remotes.get(handle)
    if known is not None:
        return known
    cls = class_for(description)
    made = cls.__new__(cls)
    made._adopt(deno, handle, fields)
    return made


def class_for(description):
    """Deno describes a class once, and later gives its number."""
    if isinstance(description, int):
        number, description = description, descriptions[description]
    else:
        number = description["id"]
        descriptions[number] = description
    if number not in classes:
        base = File if "close" in description["methods"] else Remote
        written = written_classes.get(description["names"][0])
        classes[number] = written or make_class(description, base)
    return classes[number]


class File(Remote):
    """An object that can be closed, and is when nobody holds it any more."""

    __slots__ = ()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def close(self):
        self._call("close")
        self._owner = None

    def __del__(self):
        if getattr(self, "_owner", None) is not None:
            self._deno.start("call", self._handle, "close")
        super().__del__()


def make_class(description, base=Remote):
    """A class with the methods and attributes that one over there has."""
    members = {"__slots__": ()}
    for method in description["methods"]:
        members[method] = make_method(method)
    for getter in description["getters"]:
        members[getter] = make_getter(getter)
    for name in ("@@Symbol.iterator", "@@Symbol.asyncIterator"):
        if name in members:
            members["__iter__"] = make_iterator(name)
    for name in vars(base):
        members.pop(name, None) if not name.startswith("__") else None
    return type(description["names"][0], (base,), members)


def make_method(name):
    def method(self, *args):
        return self._call(name, *args)

    method.__name__ = name
    return method


def make_getter(name):
    return property(lambda self: self._get(name))


def make_iterator(name):
    def iterate(self):
        iterator = self._call(name)
        while not (step := iterator._call("next"))["done"]:
            yield step["value"]

    return iterate


# ## Functions


def arrange(name, signature, args, kwargs):
    """Puts Python's arguments where JavaScript takes them.

    A signature names the parameters in their order. Those after `|` are members
    of one object at the end over there; those after `*` cannot go unnamed.
    """
    if signature is None:
        if kwargs:
            raise TypeError(f"{name}() takes no keyword arguments")
        return args
    before_star = signature.split("*")[0].replace("|", " ").split()
    before_bar = signature.split("|")[0].replace("*", " ").split()
    parameters = signature.replace("|", " ").replace("*", " ").split()
    if len(args) > len(before_star):
        if len(before_bar) == len(parameters):
            return args  # It can count for itself.
        raise TypeError(
            f"{name}() takes {len(before_star)} positional arguments "
            f"but {len(args)} were given"
        )
    given = dict(zip(parameters, args))
    for key, value in kwargs.items():
        if key not in parameters:
            raise TypeError(f"{name}() got an unexpected keyword argument {key!r}")
        if key in given:
            raise TypeError(f"{name}() got multiple values for argument {key!r}")
        given[key] = value
    arranged = [given.pop(key, OMITTED) for key in before_bar]
    if given:
        return arranged + [given]
    while arranged and arranged[-1] is OMITTED:
        arranged.pop()
    return arranged
