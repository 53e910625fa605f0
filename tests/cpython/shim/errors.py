"""Exceptions for what Deno throws."""

import ast
import builtins
import io


class JavaScriptError(Exception):
    """What Deno threw and Python has no name for, or only a wrong one.

    No test expects it, so that a mistake over there cannot pass for an error
    that a test waits for.
    """


exceptions = {"UnsupportedOperation": io.UnsupportedOperation}


def exception_class(names):
    """Python's class for a class over there, named with its ancestors."""
    if not names or names[0] in ENGINE_CLASSES:
        return None
    name = names[0]
    known = exceptions.get(name) or getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return known
    base = exception_class(names[1:])
    if base is None:
        return None
    exceptions[name] = type(name, (base,), {"__module__": "socket"})
    return exceptions[name]


# What V8 throws, and Python has other things by these names.
ENGINE_CLASSES = (
    "Error",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "URIError",
)

# How V8 words the mistakes of a program.
ENGINE_WORDS = (
    "is not a function",
    "is not a constructor",
    "is not iterable",
    "Cannot read properties",
    "Cannot set properties",
    "Cannot destructure",
    "Cannot convert",
    "Cannot mix",
    "is not defined",
)


def is_engine_error(names, text):
    return names[0] == "TypeError" and any(words in text for words in ENGINE_WORDS)


def make(error, args, members):
    """The exception for one over there, with these arguments, or members if it
    is a group.
    """
    names, text = error["names"], error["text"]
    cls = exception_class(names)
    made = None
    if cls is not None and not is_engine_error(names, text):
        if cls is KeyError:
            # It prints its argument's repr().
            args = (ast.literal_eval(text),)
        made = cls(*args) if members is None else cls(text, list(members))
    # Python shall not put right what is wrong over there.
    is_right = (
        made is not None
        and type(made) is cls
        and getattr(made, "errno", None) == error["errno"]
        and (members is not None or str(made) == text)
    )
    return made if is_right else JavaScriptError(*names[:1], text, error.get("stack"))
