"""A `socket` module for CPython that runs in Deno.

`install()` puts it, and its companions, where `import` finds modules. Every call
then goes to `mod.ts`, which runs in another process; see `carrier.py`.
"""

import importlib.util
import os
import sys


def install():
    from shim import originals  # noqa: F401

    for name in ("_socket", "fcntl", "select", "selectors", "socket"):
        path = os.path.join(os.path.dirname(__file__), name + ".py")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        # By hand, since `select` is built into some interpreters.
        sys.modules[name] = module
        spec.loader.exec_module(module)
