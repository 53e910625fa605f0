"""Objects that live in Deno, and the classes they have here."""

import weakref

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
