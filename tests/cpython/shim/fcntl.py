"""`fcntl`, whose `fcntl()` looks at the descriptors of the Deno process, since
those are the numbers that a socket's `fileno()` returns.
"""

from _socket import _descriptors
from shim.originals import fcntl as _original

globals().update(
    {k: v for k, v in vars(_original).items() if not k.startswith("_")}
)


def fcntl(fd, cmd, arg=0):
    number = fd if isinstance(fd, int) else fd.fileno()
    return _descriptors.there("fcntl", number, cmd, arg)
