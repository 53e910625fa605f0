"""`_socket`: what `mod.ts` exports, with integers for constants, and its class.

What it does not have is missing here too, as in a CPython without it.
"""

import builtins
import warnings
from _thread import get_ident
from collections.abc import Iterator

from shim.arguments import arrange
from shim.carrier import Deno
from shim.descriptors import Descriptors, numbers_sent
from shim.errors import exception_class
from shim.remote import Remote, make_getter
from shim.values import Call

_deno = Deno()
_descriptors = Descriptors(_deno)
_module = _deno.modules["socket"]

# Where the arguments of Python go that may be named; see `arrange`.
_SIGNATURES = {
    "create_connection": "address | timeout source_address * all_errors",
    "create_server": "address | * family backlog reuse_port dualstack_ipv6",
    "fromfd": "fd family type proto",
    "getaddrinfo": "host port family type proto flags",
    "getfqdn": "name",
    "makefile": "mode | buffering * encoding errors newline",
    "recv_fds": "sock bufsize maxfds flags",
    "recv_into": "buffer nbytes flags",
    "recvfrom_into": "buffer nbytes flags",
    "send_fds": "sock buffers fds flags address",
    "sendfile": "file offset count",
    "socket": "family type proto fileno",
    "socketpair": "family type proto",
}

# JavaScript has arrays only, which come as tuples. These are lists in Python.
_SHAPES = {
    "getaddrinfo": list,
    "gethostbyaddr": lambda result: (result[0], *map(list, result[1:])),
    "gethostbyname_ex": lambda result: (result[0], *map(list, result[1:])),
    "if_nameindex": list,
    "recv_fds": lambda result: (result[0], list(result[1]), *result[2:]),
    "recvmsg": lambda result: (result[0], list(result[1]), *result[2:]),
    "recvmsg_into": lambda result: (result[0], list(result[1]), *result[2:]),
}

# ## The class


def _make_method(name):
    signature, shape = _SIGNATURES.get(name), _SHAPES.get(name)

    def method(self, *args, **kwargs):
        result = self._call(name, *arrange(name, signature, args, kwargs))
        return shape(result) if shape else result

    method.__name__ = name
    return method


_description = _module["exports"]["Socket"]["class"]
_members = {
    **{name: _make_method(name) for name in _description["methods"]},
    **{name: make_getter(name) for name in _description["getters"]},
}
_members = {k: v for k, v in _members.items() if not k.startswith("@@")}
_members.pop("toString")


class socket(type("_Socket", (Remote,), {"__slots__": (), **_members})):
    __slots__ = ("_closed",)

    def __init__(self, *args, **kwargs):
        args = arrange("socket.__init__", _SIGNATURES["socket"], args, kwargs)
        numbers = [each for each in args[3:] if isinstance(each, int)]
        args = [*args[:3], *map(_descriptors.as_descriptor, args[3:])]
        with _descriptors.mirrored(numbers):
            _deno.act("new", _module["handle"], "Socket", args, into=self)

    def _adopt(self, deno, handle, fields=()):
        super()._adopt(deno, handle, fields)
        self._closed = False

    def __repr__(self):
        return "<socket object, fd=%s, family=%s, type=%s, proto=%s>" % (
            self.fileno(),
            self.family,
            self.type,
            self.proto,
        )

    def __del__(self):
        if not getattr(self, "_closed", True):
            # The carrier's own threads cannot ask for the words.
            is_ours = get_ident() in _deno.helpers or _deno.has_ended
            words = object.__repr__(self) if is_ours else repr(self)
            warnings.warn(f"unclosed {words}", ResourceWarning, source=self)
            _deno.start("call", self._handle, "close")
        super().__del__()

    def close(self):
        self._closed = True
        super().close()

    def detach(self):
        self._closed = True
        return _descriptors.as_number(super().detach())

    if "accept" in _members:

        def _accept(self):
            sock, address = super().accept()
            return sock.detach(), address

    if "sendmsg" in _members:

        def sendmsg(self, *args):
            if len(args) > 1 and isinstance(args[1], Iterator):
                args = (args[0], list(args[1]), *args[2:])
            ancillary = args[1] if len(args) > 1 else ()
            with _descriptors.mirrored(numbers_sent(ancillary)):
                return super().sendmsg(*args)

    if "recvmsg" in _members:

        def recvmsg(self, *args):
            result = super().recvmsg(*args)
            _descriptors.fetch_all(result[1])
            return result

    if "recvmsg_into" in _members:

        def recvmsg_into(self, *args):
            result = super().recvmsg_into(*args)
            _descriptors.fetch_all(result[1])
            return result


# ## The rest of the module


def _make_function(name):
    signature, shape = _SIGNATURES.get(name), _SHAPES.get(name)

    def function(*args, **kwargs):
        args = arrange(name, signature, args, kwargs)
        result = _deno.act("call", _module["handle"], name, args)
        return shape(result) if shape else result

    function.__name__ = name
    return function


def _make_numbered(function):
    """The same for a function that takes the number of a file."""

    def numbered(*args, **kwargs):
        numbers = [each for each in args[:1] if isinstance(each, int)]
        args = [*map(_descriptors.as_descriptor, args[:1]), *args[1:]]
        with _descriptors.mirrored(numbers):
            return function(*args, **kwargs)

    return numbered


# Plain objects: the enumerations.
_objects = {}

for _name, _export in _module["exports"].items():
    if "function" in _export:
        if _name != "socket":
            globals()[_name] = _make_function(_name)
    elif "class" in _export:
        _class = exception_class(_export["class"]["names"])
        if _export["class"]["id"] == _description["id"]:
            if _name == "SocketType":
                SocketType = socket
        elif _class is not None and getattr(builtins, _name, None) is not _class:
            globals()[_name] = _class
    else:
        _value = Call(_deno).decode(_export["value"], b"")
        if isinstance(_value, dict):
            _objects[_name] = _value
        else:
            globals()[_name] = _value

for _name in {"close", "dup", "fromfd"} & set(globals()):
    globals()[_name] = _make_numbered(globals()[_name])

if "dup" in globals():
    _dup = dup  # noqa: F821

    def dup(*args):
        return _descriptors.as_number(_dup(*args))


if "send_fds" in globals():
    _send_fds = send_fds  # noqa: F821

    def send_fds(sock, buffers, fds, *args, **kwargs):
        fds = list(fds)
        with _descriptors.mirrored(fds):
            return _send_fds(sock, buffers, fds, *args, **kwargs)


if "recv_fds" in globals():
    _recv_fds = recv_fds  # noqa: F821

    def recv_fds(*args, **kwargs):
        result = _recv_fds(*args, **kwargs)
        for number in result[1]:
            _descriptors.fetch(number)
        return result
