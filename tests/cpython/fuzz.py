"""Random sequences of calls, on CPython's own sockets and on ours.

    deno task fuzz [--runs N] [--seed S]

A difference is printed with its seed and the shortest sequence that shows it;
`--seed S --runs 1` shows it again.
"""

import argparse
import socket as cpython
import sys

import sequences


def outcomes_of(module, steps):
    return sequences.Run(module).run(steps)


def first_difference(modules, steps, wanted):
    """Where the two sides part, in a way that nobody wants; None if nowhere."""
    theirs, ours = [outcomes_of(module, steps) for module in modules]
    for index, (one, other) in enumerate(zip(theirs, ours)):
        if one == other:
            continue
        # From here on the two sides are in different states.
        if any(is_it(steps, index, one, other) for _, is_it in wanted):
            return None
        return index, one, other
    return None


def shortest(modules, steps, wanted):
    """The sequence without the steps that its difference does not need."""
    index, *_ = first_difference(modules, steps, wanted)
    steps = steps[:index + 1]
    position = len(steps) - 2
    while position >= 0:
        fewer = steps[:position] + steps[position + 1:]
        if first_difference(modules, fewer, wanted):
            steps = fewer
        position -= 1
    return steps


def main(modules, wanted):
    parser = argparse.ArgumentParser(prog="deno task fuzz")
    parser.add_argument("--runs", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    options = parser.parse_args()
    differences = calls = 0
    for seed in range(options.seed, options.seed + options.runs):
        steps = sequences.Generator(seed).make()
        calls += len(steps)
        # What shows only once is a matter of time, and not of behaviour.
        for _ in range(3):
            found = first_difference(modules, steps, wanted)
            if not found:
                break
        if not found:
            continue
        differences += 1
        report(seed, modules, steps, wanted)
    print(f"{options.runs} sequences of {calls} calls, "
          f"{differences} differences")
    return 1 if differences else 0


def report(seed, modules, steps, wanted):
    try:
        steps = shortest(modules, steps, wanted)
    except TypeError:
        pass                    # it has not shown again
    theirs, ours = [outcomes_of(module, steps) for module in modules]
    print(f"seed {seed}:")
    for step, one, other in zip(steps, theirs, ours):
        slot, method, *args = step
        print(f"  {slot}.{method}{tuple(args)}")
        print(f"      {shown(one)}" if one == other else
              f"    CPython: {shown(one)}\n    ours:    {shown(other)}")


def shown(value):
    text = repr(value)
    return text if len(text) < 200 else text[:200] + "…"


if __name__ == "__main__":
    sys.exit(main([cpython, cpython], []))
