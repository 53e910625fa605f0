"""Files of Python's, as `sendfile` takes them over there."""

import contextlib

from _socket import _descriptors


@contextlib.contextmanager
def as_file(file):
    """A file of the system is one over there too, and where it stands is carried
    back; any other is asked for what it has.
    """
    try:
        number = file.fileno()
        is_binary = "b" in file.mode
    except (AttributeError, OSError):
        is_binary = False
    if not is_binary:
        yield as_source(file)
        return
    with _descriptors.mirrored([number]):
        theirs = _descriptors.there("open", number)
    with theirs:
        theirs.seek(file.tell(), 0)
        try:
            yield theirs
        finally:
            file.seek(theirs.seek(0, 1))


def as_source(file):
    """What reads into an array, as files do in Deno."""

    def read(buffer):
        data = file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data) or None

    # Of the file's own type, by name, since messages show that.
    source = type(type(file).__name__, (), {})()
    if hasattr(file, "read"):
        source.read = read
    for name in ("seek", "mode"):
        if hasattr(file, name):
            setattr(source, name, getattr(file, name))
    return source
