"""Where Python's arguments go in JavaScript."""

# Stands for an argument that was left out, before one that was not.
OMITTED = object()


def arrange(name, signature, args, kwargs):
    """Puts Python's arguments where JavaScript takes them.

    A signature names the parameters in their order. Those after `|` are members
    of one object at the end over there; those after `*` cannot go unnamed.
    """
    if signature is None:
        if kwargs:
            raise TypeError(f"{name}() takes no keyword arguments")
        return args
    before_star = signature.split("*")[0].replace("|", " ").split()
    before_bar = signature.split("|")[0].replace("*", " ").split()
    parameters = signature.replace("|", " ").replace("*", " ").split()
    if len(args) > len(before_star):
        if len(before_bar) == len(parameters):
            return args  # It can count for itself.
        raise TypeError(
            f"{name}() takes {len(before_star)} positional arguments "
            f"but {len(args)} were given"
        )
    given = dict(zip(parameters, args))
    for key, value in kwargs.items():
        if key not in parameters:
            raise TypeError(f"{name}() got an unexpected keyword argument {key!r}")
        if key in given:
            raise TypeError(f"{name}() got multiple values for argument {key!r}")
        given[key] = value
    arranged = [given.pop(key, OMITTED) for key in before_bar]
    if given:
        return arranged + [given]
    while arranged and arranged[-1] is OMITTED:
        arranged.pop()
    return arranged
