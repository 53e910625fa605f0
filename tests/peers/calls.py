"""Makes calls of CPython's socket module for the tests of functions.

Reads the calls as JSON from stdin and writes what each came to, exactly, in the
same order, as JSON to stdout. They are made at the same time if they may wait.
"""

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor


def decode(value):
    """A Python value for a value of JSON; objects are what JSON lacks."""
    if isinstance(value, list):
        return tuple(map(decode, value))
    if not isinstance(value, dict) or not value:
        return value
    [(kind, content)] = value.items()
    if kind == "int":
        return int(content)
    if kind == "bytes":
        return bytes(content)
    return content


def encode(value):
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": list(value)}
    if isinstance(value, (tuple, list)):
        return [encode(each) for each in value]
    return value


def outcome(call):
    name, *args = call
    options = {}
    if args and isinstance(args[-1], dict) and "options" in args[-1]:
        options = args.pop()["options"]
    try:
        return encode(getattr(socket, name)(*map(decode, args), **options))
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error),
                "errno": getattr(error, "errno", None)}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    with ThreadPoolExecutor(16 if given["together"] else 1) as pool:
        outcomes = list(pool.map(outcome, given["calls"]))
    json.dump({
        "python": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
        "outcomes": outcomes,
    }, sys.stdout)
