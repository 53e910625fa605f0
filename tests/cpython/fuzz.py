"""Random sequences of calls, on CPython's own sockets and on ours.

    deno task fuzz [--runs N] [--seed S] [--jobs N] [--outcomes]

A difference is printed with its seed and the shortest sequence that shows it;
`--seed S --runs 1` shows it again. `--outcomes` prints what the calls came to.
"""

import argparse
import collections
import concurrent.futures
import multiprocessing
import select
import socket
import sys

import shim
from comparison import compare, shortest
from sequences import Generator

# What does not show again is a matter of time, and not of behaviour.
TRIES = 3

CPYTHON = (socket, select)
sides = []


def begin_work():
    """Each worker has a Deno process of its own."""
    shim.install()
    sides[:] = [CPYTHON, (sys.modules["socket"], sys.modules["select"])]


def run(seed):
    """One sequence: how it was compared, and the report if there is one."""
    result = compare(sides, Generator(seed).steps())
    if result.difference is None:
        return result, None
    for _ in range(TRIES - 1):
        again = compare(sides, result.steps).difference
        if again is None:
            text = report(seed, result.steps, result.difference)
            result.difference = None
            return result, text
    steps, difference = shortest(sides, result.steps, again)
    return result, report(seed, steps, difference)


def report(seed, steps, difference):
    lines = [f"seed {seed}:"]
    for slot, method, *args in steps:
        lines.append(f"  {slot}.{method}({', '.join(map(shown, args))})")
    lines.append(f"    CPython: {shown(difference.theirs)}")
    lines.append(f"    ours:    {shown(difference.ours)}")
    return "\n".join(lines)


def shown(value):
    text = repr(value)
    return text if len(text) < 100 else text[:100] + "…"


def main():
    parser = argparse.ArgumentParser(prog="deno task fuzz")
    parser.add_argument("--runs", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--jobs", type=int, default=3, metavar="N")
    parser.add_argument("--outcomes", action="store_true")
    options = parser.parse_args()
    seen, ends, outcomes = [collections.Counter() for _ in range(3)]
    differences = 0
    passing = []
    seeds = range(options.seed, options.seed + options.runs)
    with concurrent.futures.ProcessPoolExecutor(
        options.jobs, multiprocessing.get_context("fork"), begin_work
    ) as pool:
        for seed, (result, text) in zip(seeds, pool.map(run, seeds)):
            seen += result.seen
            outcomes += result.outcomes
            ends[result.end] += 1
            if result.difference is not None:
                differences += 1
                print(text, flush=True)
            elif text is not None:
                passing.append(text)
    for reason, count in seen.most_common():
        print(f"{count} times, as wanted, {ends[reason]} times the last: "
              f"{reason}")
    if passing:
        print("Not seen again when tried again:", *passing, sep="\n")
    if options.outcomes:
        print_outcomes(outcomes)
    right = sum(n for (_, what), n in outcomes.items() if what == "right")
    print(f"{options.runs} sequences of {outcomes.total()} calls, of which "
          f"{right} succeed; {differences} differences")
    return 1 if differences else 0


def print_outcomes(outcomes):
    methods = collections.defaultdict(collections.Counter)
    for (method, what), count in outcomes.items():
        methods[method][what] += count
    for method, counts in sorted(methods.items()):
        words = ", ".join(f"{n} {what}" for what, n in counts.most_common())
        print(f"  {method}: {words}")


if __name__ == "__main__":
    sys.exit(main())
