"""The same steps on CPython's own sockets and on ours, side by side."""

import collections
import dataclasses
import time

import sequences
from sequences import MSG_PEEK, RECEIVING, is_error
from wanted import Case, WANTED

# A call of CPython's that takes longer blocks. Ours may be slow on a machine
# that is busy: that it blocks where CPython's does not, needs a longer proof.
LIMIT = 0.12
LONG_LIMIT = 2.0
# Longer than TCP delays an acknowledgment.
DELAY = 0.06
EAGAIN = 11


@dataclasses.dataclass
class Difference:
    """Where the two sides part, in a way that nobody wants."""

    index: int
    theirs: object
    ours: object


@dataclasses.dataclass
class Comparison:
    """How far a sequence was compared, and what was seen."""

    steps: list = dataclasses.field(default_factory=list)
    difference: Difference | None = None
    # The wanted difference after which the rest is not compared.
    end: str | None = None
    seen: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)
    outcomes: collections.Counter = dataclasses.field(
        default_factory=collections.Counter)


def compare(sides, source):
    """Carries steps out on both sides until they part.

    The source is a list of steps, or a generator of them, which is sent what
    each came to on CPython.
    """
    result = Comparison()
    steps = source if hasattr(source, "send") else follow(source)
    theirs_so_far = []
    with sequences.Run(*sides[0]) as theirs, sequences.Run(*sides[1]) as ours:
        one = None
        while True:
            try:
                step = steps.send(one)
            except StopIteration:
                return result
            result.steps.append(step)
            one = theirs.outcome(step, LIMIT)
            other = ours.outcome(step, LIMIT if one == "blocks" else LONG_LIMIT)
            theirs_so_far.append(one)
            result.outcomes[kind_of(step, one)] += 1
            if is_early(step, one, other):
                time.sleep(DELAY)
                one = theirs_so_far[-1] = theirs.outcome(step, LIMIT)
            if one != other:
                other = completed(ours, step, one, other)
            if one != other:
                case = Case(result.steps, theirs_so_far, one, other)
                wanted = next((w for w in WANTED if w.is_it(case)), None)
                if wanted is None:
                    result.difference = Difference(
                        len(result.steps) - 1, one, other)
                    return result
                result.seen[wanted.reason] += 1
                if not wanted.goes_on:
                    result.end = wanted.reason
                    return result
            if one == "blocks":
                return result
            if is_in_progress(one):
                limit = sequences.SETTLING
                if theirs.settles(step[0], limit):
                    limit = LONG_LIMIT
                ours.settles(step[0], limit)


def follow(steps):
    for step in steps:
        yield step


def kind_of(step, outcome):
    method = step[1]
    if is_error(outcome):
        return method, outcome[1] or outcome[0]
    return method, outcome if outcome in ("blocks", "no socket") else "right"


def is_in_progress(outcome):
    return outcome == 115 or is_error(outcome) and outcome[1] == 115


# ## Boundaries in a stream

def is_early(step, theirs, ours):
    """Whether CPython may have asked before TCP had sent the bytes.

    A little data after other little data waits for an acknowledgment, and that
    is delayed.
    """
    return step[1] in RECEIVING and is_error(theirs) and \
        theirs[1] in (None, EAGAIN) and not is_error(ours) and ours != "blocks"


def completed(run, step, theirs, ours):
    """Our outcome of a call that receives, with what was still to come.

    A stream has no boundaries: where CPython got more at once, ours may leave
    the rest to the next call. So the rest is received here.
    """
    slot, method, *args = step
    if method not in RECEIVING or is_error(theirs) or is_error(ours):
        return ours
    if theirs == "blocks" or ours == "blocks" or run.slots[slot].type != 1:
        return ours
    whole, part = bytes_of(theirs), bytes_of(ours)
    if not part or not whole.startswith(part):
        return ours
    flags = args[-1] if len(args) > 1 else 0
    if flags & MSG_PEEK:
        return theirs
    while len(part) < len(whole):
        more = run.outcome((slot, "recv", len(whole) - len(part)), LONG_LIMIT)
        if not isinstance(more, bytes) or not more:
            return ours
        part += more
    return theirs if part == whole else ours


def bytes_of(outcome):
    """The bytes that a call has received."""
    if isinstance(outcome, bytes):
        return outcome
    first = outcome[0]
    if isinstance(first, bytes):
        return first
    # The count, with an address and others or without, and then the arrays.
    count = first[0] if isinstance(first, tuple) else first
    return b"".join(outcome[1:])[:count]


# ## Short sequences

def shortest(sides, steps, difference):
    """The sequence without the steps that its difference does not need."""
    steps = steps[:difference.index + 1]
    found = difference
    for _ in range(2):
        position = len(steps) - 2
        while position >= 0:
            fewer = steps[:position] + steps[position + 1:]
            again = compare(sides, fewer).difference
            if is_the_same(again, difference):
                steps = fewer[:again.index + 1]
                found = again
                position = min(position, len(steps) - 1)
            position -= 1
    return steps, found


def is_the_same(one, other):
    if one is None:
        return False
    return gist(one.theirs) == gist(other.theirs) and \
        gist(one.ours) == gist(other.ours)


def gist(outcome):
    """What matters of an outcome: the error, or that there is none."""
    if is_error(outcome):
        return outcome
    if outcome == "blocks":
        return outcome
    return type(outcome), bool(outcome)
