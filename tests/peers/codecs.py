"""Decodes and encodes the rows of codecs_test.ts with CPython's own files.

Reads the rows as JSON from stdin and writes what each came to, in the same
order, as JSON to stdout.
"""

import io
import json
import sys


class Pieces(io.RawIOBase):
    """A file that gives its pieces one by one, and keeps what it is given."""

    def __init__(self, pieces):
        self.pieces = [bytes(piece) for piece in pieces]
        self.written = b""

    def readable(self):
        return True

    def writable(self):
        return True

    def readinto(self, target):
        piece = self.pieces.pop(0) if self.pieces else b""
        target[:len(piece)] = piece
        return len(piece)

    def write(self, data):
        self.written += data
        return len(data)


def told(call):
    try:
        return call()
    except Exception as error:
        message = {"error": type(error).__name__, "message": str(error)}
        if isinstance(error, UnicodeError) and hasattr(error, "start"):
            message["place"] = [error.start, error.end]
        return message


def read(encoding, errors, newline, pieces):
    raw = io.BufferedReader(Pieces(pieces))
    file = io.TextIOWrapper(raw, encoding, errors, newline)
    return [told(file.readlines), told(lambda: file.newlines)]


def write(encoding, errors, newline, texts):
    raw = Pieces([])
    file = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, newline)
    outcomes = [told(lambda: file.write(text)) for text in texts]
    file.flush()
    return [outcomes, list(raw.written)]


def run(row):
    encoding, errors, newline, pieces, *_ = row
    is_text = bool(pieces) and isinstance(pieces[0], str)
    return told(lambda: (write if is_text else read)(*row))


if __name__ == "__main__":
    rows = json.load(sys.stdin)
    json.dump({
        "python": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
        "outcomes": [run(row) for row in rows],
    }, sys.stdout)
