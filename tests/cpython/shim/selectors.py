"""`selectors`: the companion of `mod.ts` by that name."""

import collections
import collections.abc

from _socket import _deno
from shim.remote import Remote, make_class
from shim.values import Opaque

_module = _deno.modules.get("selectors", {"exports": {}})

SelectorKey = collections.namedtuple("SelectorKey", ("fileobj", "fd", "events", "data"))


def _as_key(key):
    return SelectorKey(key.fileobj, key.fd, key.events, key.data)


class _Map(collections.abc.Mapping):
    """A map over there."""

    def __init__(self, remote):
        self.remote = remote

    def __len__(self):
        return self.remote.size

    def __getitem__(self, fileobj):
        key = self.remote.get(fileobj)
        if key is None:
            raise KeyError(f"{fileobj!r} is not registered")
        return _as_key(key)

    def __iter__(self):
        keys = self.remote.keys()
        while not (step := keys.next())["done"]:
            yield step["value"]


class _Selector(Remote):
    __slots__ = ()

    def __init__(self):
        name = type(self)._name
        _deno.act("new", _module["handle"], name, into=self)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def register(self, fileobj, events, data=None):
        return _as_key(self._call("register", fileobj, events, Opaque(data)))

    def unregister(self, fileobj):
        return _as_key(self._call("unregister", fileobj))

    def modify(self, fileobj, events, data=None):
        return _as_key(self._call("modify", fileobj, events, Opaque(data)))

    def select(self, timeout=None):
        ready = self._call("select", timeout)
        return [(_as_key(key), events) for key, events in ready]

    def get_key(self, fileobj):
        return _as_key(self._call("get_key", fileobj))

    def get_map(self):
        remote = self._call("get_map")
        return None if remote is None else _Map(remote)


for _name, _export in _module["exports"].items():
    if "value" in _export:
        globals()[_name] = _export["value"]
    elif "class" in _export and _name.endswith("Selector"):
        _class = make_class(_export["class"], _Selector)
        _class._name = _name
        globals()[_name] = _class
