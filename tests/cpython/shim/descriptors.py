"""Descriptors, which both processes know by the same number.

Those below `FIRST` are this process's own, those above the Deno process's. A
number only means something together with what is open, so what a call names has
to be open on the other side too: it travels there, as descriptors do.
"""

import array
import contextlib
import itertools
import os

from shim.originals import socket as cpython

# The number below is the control socket's, over there.
FIRST = 500
CONTROL = FIRST - 1
SOL_SOCKET, SCM_RIGHTS = cpython.SOL_SOCKET, cpython.SCM_RIGHTS

# What `detach()` returns over there is an object; here it is its number. Where
# it does not tell one, any does.
_detached = {}
_spare_numbers = itertools.count(1 << 20)


class Descriptors:
    def __init__(self, deno):
        self.deno = deno
        self.handle = deno.modules["descriptors"]["handle"]

    def there(self, name, *args):
        return self.deno.act("call", self.handle, name, args)

    # ## From Python to Deno

    @contextlib.contextmanager
    def mirrored(self, numbers):
        """Makes numbers of ours the same files over there, or as closed."""
        numbers = {each for each in numbers if 2 < each < CONTROL}
        for number in numbers:
            try:
                os.fstat(number)
            except OSError:
                self.there("close", number)
            else:
                cpython.send_fds(self.deno.control, [b"."], [number])
                self.there("take", number)
        try:
            yield
        finally:
            # So that it stays taken, and no file stays open.
            for number in numbers:
                self.there("cover", number)

    def as_descriptor(self, number):
        """What a call over there takes where Python takes a number."""
        return _detached.pop(number, number) if isinstance(number, int) else number

    # ## From Deno to Python

    def as_number(self, descriptor):
        """The number of what a call over there has returned for one."""
        if isinstance(descriptor, int):
            return descriptor
        has_number = hasattr(descriptor, "fileno")
        number = descriptor.fileno() if has_number else next(_spare_numbers)
        _detached[number] = descriptor
        return number

    def fetch(self, number):
        """Moves an open file from there to here, where it has the same number."""
        self.there("give", number)
        _, (received,), *_ = cpython.recv_fds(self.deno.control, 1, 1)
        os.dup2(received, number, inheritable=False)
        os.close(received)

    def fetch_all(self, ancillary):
        """Moves the files that ancillary data has brought."""
        for level, kind, data in ancillary:
            if (level, kind) == (SOL_SOCKET, SCM_RIGHTS):
                for number in numbers_in(data):
                    self.fetch(number)


def numbers_sent(ancillary):
    """The numbers of the files that ancillary data is to take along."""
    # Deno is to say what is wrong with it.
    for item in ancillary if isinstance(ancillary, (list, tuple)) else ():
        if isinstance(item, (tuple, list)) and len(item) == 3:
            is_buffer = isinstance(item[2], (bytes, bytearray, array.array))
            if is_buffer and tuple(item[:2]) == (SOL_SOCKET, SCM_RIGHTS):
                yield from numbers_in(bytes(item[2]))


def numbers_in(data):
    numbers = array.array("i")
    numbers.frombytes(data[: len(data) // numbers.itemsize * numbers.itemsize])
    return numbers
