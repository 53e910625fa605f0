"""Differences between CPython's sockets and ours that the design wants."""

import dataclasses
import typing

from sequences import is_error

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM = 1, 2


@dataclasses.dataclass
class Case:
    """Steps until the two sides part, and what they came to on CPython."""

    steps: list
    outcomes: list
    theirs: object
    ours: object

    @property
    def slot(self):
        return self.steps[-1][0]

    @property
    def method(self):
        return self.steps[-1][1]

    @property
    def args(self):
        return self.steps[-1][2:]


def errno_of(outcome):
    return outcome[1] if is_error(outcome) else None


def is_timeout(outcome):
    return is_error(outcome) and outcome[0] == "TimeoutError"


def kind_of(steps, slot):
    """Family and type of the socket in a slot, also of an accepted one."""
    for step in steps:
        if step[0] == slot and step[1] == "socket":
            return step[2:4]
        if ("new", slot) in step[2:]:
            return kind_of(steps, step[0])
    return None, None


def waits_in_a_wrong_state(case):
    return (is_timeout(case.theirs) or case.theirs == "blocks") and \
        errno_of(case.ours) in (22, 32, 107)


def connects_to_what_is_bound(case):
    return errno_of(case.theirs) == 111 and case.method == "connect"


class Wanted(typing.NamedTuple):
    """A difference: its reason, and whether a case is one of it."""

    reason: str
    is_it: typing.Callable[[Case], bool]
    # Whether both sides are in the same state afterwards.
    goes_on: bool = False


WANTED = [
    Wanted("A call that is wrong in this state fails at once, and does not "
           "wait for its timeout.", waits_in_a_wrong_state, True),
    Wanted("Deno listens from bind on: a peer can connect before listen.",
           connects_to_what_is_bound),
]
