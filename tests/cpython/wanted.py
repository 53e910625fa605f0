"""Differences between CPython's sockets and ours that the design wants.

Each is a reason, and whether it is the difference between two outcomes of a step:
`is_it(steps, index, theirs, ours)`.
"""

AF_UNIX, SOCK_STREAM = 1, 1


def errno_of(outcome):
    is_error = isinstance(outcome, tuple) and len(outcome) == 3
    return outcome[1] if is_error and isinstance(outcome[0], str) else None


def is_timeout(outcome):
    return isinstance(outcome, tuple) and outcome[0] == "TimeoutError"


def was_called(steps, index, slot, *methods):
    return any(step[0] == slot and step[1] in methods
               for step in steps[:index])


def kind_of(steps, slot):
    """Family and type of the socket in a slot, also of an accepted one."""
    for step in steps:
        if step[0] == slot and step[1] == "socket":
            return step[2:4]
        if ("new", slot) in step[2:]:
            return kind_of(steps, step[0])
    return None, None


def waits_in_a_wrong_state(steps, index, theirs, ours):
    return (is_timeout(theirs) or theirs == "blocks") and \
        errno_of(ours) in (22, 32, 107)


def connects_to_what_is_bound(steps, index, theirs, ours):
    return errno_of(theirs) == 111 and steps[index][1] == "connect"


WANTED = [
    ("A call that is wrong in this state fails at once, and does not wait for "
     "its timeout.", waits_in_a_wrong_state),
    ("Deno listens from bind on: a peer can connect before listen.",
     connects_to_what_is_bound),
]
