"""`select`: the companion of `mod.ts` by that name."""

from _socket import _deno

_module = _deno.modules.get("select", {"exports": {}})

error = OSError

if "select" in _module["exports"]:

    def select(*args):
        lists = [list(each) if _is_list(each) else each for each in args]
        result = _deno.act("call", _module["handle"], "select", lists)
        return tuple(map(list, result))


def _is_list(value):
    return isinstance(value, (list, tuple, set, dict))
