"""Values on their way to Deno and back, as `wire.ts` says."""

import array
import collections.abc
import io
import itertools
import math
import operator

from shim import errors
from shim.arguments import OMITTED
from shim.remote import Remote, remote

SAFE_INTEGER = 2**53 - 1


class Opaque:
    """An argument that Deno is only to keep, and to give back as it is."""

    def __init__(self, value):
        self.value = value


class Foreign:
    """Our objects that Deno knows by number."""

    def __init__(self):
        self.objects = {}
        self.numbers = {}
        self.spare = itertools.count(1)

    def number(self, value):
        number = self.numbers.setdefault(id(value), next(self.spare))
        self.objects[number] = value
        return number


FOREIGN = Foreign()


NOTHING = {"type": "object", "methods": [], "attributes": {}, "constants": {}}


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
        if hasattr(type(value), "__index__"):
            return self.encode(operator.index(value))
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
        args = self.decode(error["args"], blob)
        return errors.make(error, args, self.decode(error["exceptions"], blob))
