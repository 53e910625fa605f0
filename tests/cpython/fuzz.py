"""Random sequences of calls, on CPython's own sockets and on ours.

    deno task fuzz [--runs N] [--seed S]

A difference is printed with its seed and the shortest sequence that shows it;
`--seed S --runs 1` shows it again.
"""

import argparse
import collections
import socket as cpython
import sys

import sequences
import shim
from wanted import WANTED

# What shows only once is a matter of time, and not of behaviour.
TRIES = 3


def outcomes_of(module, steps):
    return sequences.Run(module).run(steps)


def first_difference(modules, steps, seen):
    """Where the two sides part, in a way that nobody wants; None if nowhere.

    Wanted differences are counted in `seen`. After one the two sides are in
    different states, so that the rest of the sequence is not compared.
    """
    theirs, ours = [outcomes_of(module, steps) for module in modules]
    for index, (one, other) in enumerate(zip(theirs, ours)):
        if one == other:
            continue
        for reason, is_it in WANTED:
            if is_it(steps, index, one, other):
                seen[reason] += 1
                return None
        return index, one, other
    return None


def shortest(modules, steps, found):
    """The sequence without the steps that its difference does not need."""
    index, *outcomes = found
    steps = steps[:index + 1]
    position = len(steps) - 2
    while position >= 0:
        fewer = steps[:position] + steps[position + 1:]
        again = first_difference(modules, fewer, collections.Counter())
        if again and list(again[1:]) == outcomes:
            steps = fewer
        position -= 1
    return steps


def main(modules):
    parser = argparse.ArgumentParser(prog="deno task fuzz")
    parser.add_argument("--runs", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    options = parser.parse_args()
    differences = calls = 0
    seen = collections.Counter()
    for seed in range(options.seed, options.seed + options.runs):
        steps = sequences.Generator(seed).make()
        calls += len(steps)
        for _ in range(TRIES):
            found = first_difference(modules, steps, seen)
            if not found:
                break
        if found:
            differences += 1
            report(seed, modules, steps, found)
    for reason, count in seen.most_common():
        print(f"{count} times, as wanted: {reason}")
    print(f"{options.runs} sequences of {calls} calls, "
          f"{differences} differences")
    return 1 if differences else 0


def report(seed, modules, steps, found):
    print(f"seed {seed}:")
    index, one, other = found
    for slot, method, *args in shortest(modules, steps, found):
        print(f"  {slot}.{method}{shown(tuple(args))}")
    print(f"    CPython: {shown(one)}\n    ours:    {shown(other)}", flush=True)


def shown(value):
    text = repr(value)
    return text if len(text) < 200 else text[:200] + "…"


if __name__ == "__main__":
    shim.install()
    sys.exit(main([cpython, sys.modules["socket"]]))
