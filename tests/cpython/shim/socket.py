"""`socket`: what Python adds to `_socket`, as far as JavaScript has no such
thing: enumerations, a subclass, pickling, finalizers. All else is `mod.ts`'s.
"""

import _socket
from _socket import *  # noqa: F403
from enum import IntEnum, IntFlag

from shim import files as _files
from shim import remote as _remote

_LOCALHOST = "127.0.0.1"
_LOCALHOST_V6 = "::1"


class _GiveupOnSendfile(Exception):
    pass


# ## Enumerations, with the members that mod.ts says they have

for _name, _kind in (
    ("AddressFamily", IntEnum),
    ("SocketKind", IntEnum),
    ("MsgFlag", IntFlag),
    ("AddressInfo", IntFlag),
):
    if _name in _socket._objects:
        globals().update(_socket._objects[_name])
        _kind._convert_(_name, __name__, _socket._objects[_name].__contains__)


def _intenum_converter(value, enum_klass):
    try:
        return enum_klass(value)
    except ValueError:
        return value


# ## The class


class socket(_socket.socket):
    __slots__ = ()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        if not self._closed:
            self.close()

    def __repr__(self):
        words = self._call("toString")
        # The name of a subclass is Python's to know.
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        return words.replace("socket.socket", name, 1)

    def __getstate__(self):
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")

    @property
    def family(self):
        return _intenum_converter(super().family, AddressFamily)

    @property
    def type(self):
        return _intenum_converter(super().type, SocketKind)

    if hasattr(_socket.socket, "dup"):

        def dup(self):
            made = super().dup()
            made.__class__ = self.__class__
            return made

    if hasattr(_socket.socket, "makefile"):

        def makefile(self, *args, **kwargs):
            file = super().makefile(*args, **kwargs)
            file._owner = self
            return file

    if hasattr(_socket.socket, "sendfile"):

        def sendfile(self, file, *args, **kwargs):
            with _files.as_file(file) as theirs:
                return super().sendfile(theirs, *args, **kwargs)

        # CPython's halves of it, of which one is for files of the system.
        _sendfile_use_sendfile = sendfile

        def _sendfile_use_send(self, file, *args, **kwargs):
            return super().sendfile(_files.as_source(file), *args, **kwargs)


_remote.written_classes["Socket"] = socket

if hasattr(_socket, "getaddrinfo"):

    def getaddrinfo(*args, **kwargs):
        return [
            (
                _intenum_converter(family, AddressFamily),
                _intenum_converter(kind, SocketKind),
                *rest,
            )
            for family, kind, *rest in _socket.getaddrinfo(*args, **kwargs)
        ]
