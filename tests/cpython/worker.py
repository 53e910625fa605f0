"""Runs cases of CPython's `test.test_socket`, unmodified, and tells what became
of each, a line of JSON at a time.

    worker.py list
    worker.py run (deno|cpython) SECONDS CASE...

A case is `Class.method`. With `deno`, `import socket` finds ours; with `cpython`,
Python's own. A case that takes longer than so many seconds ends the process,
after a traceback of all its threads on stderr.
"""

import faulthandler
import json
import os
import sys
import unittest

# Seconds that a test has to clean up once it has failed.
AFTER_FAILURE = 3
REPORT = os.fdopen(os.dup(1), "w", buffering=1)


def report(**fields):
    REPORT.write(json.dumps(fields) + "\n")


def load():
    from test import support

    # As in CPython's own test runner, no test goes to the Internet.
    support.use_resources = []
    # Every call crosses two processes.
    support.LOOPBACK_TIMEOUT = 10.0
    from test import test_socket

    return test_socket


def case_of(test):
    return ".".join(test.id().split(".")[-2:])


def list_cases():
    loader = unittest.TestLoader()
    for group in loader.loadTestsFromModule(load()):
        for test in group:
            cls, name = type(test), test._testMethodName
            owner = next(each for each in cls.__mro__ if name in vars(each))
            report(case=case_of(test), method=f"{owner.__name__}.{name}")


class Reporter(unittest.TestResult):
    """Reports as it goes, so that nothing is lost if the process ends."""

    def __init__(self, limit):
        super().__init__()
        self.limit = limit

    def startTest(self, test):
        super().startTest(test)
        report(case=case_of(test), outcome="started")
        faulthandler.dump_traceback_later(self.limit, exit=True)

    def stopTest(self, test):
        faulthandler.cancel_dump_traceback_later()
        report(case=case_of(test), outcome="done")
        super().stopTest(test)

    def addSkip(self, test, reason):
        report(case=case_of(test), outcome="skipped", why=reason)

    def addFailure(self, test, error):
        why = self._exc_info_to_string(error, test)
        # Where a fixture of the class fails, all its tests do.
        case = "" if "setUp" in test.id() or "tearDown" in test.id() else case_of(test)
        report(case=case, outcome="failed", why=why)
        # Many a test waits, after a failure, for a thread that has failed too.
        faulthandler.dump_traceback_later(AFTER_FAILURE, exit=True)

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.addFailure(test, error)


def run_cases(limit, cases):
    test_socket = load()
    suite = unittest.TestSuite()
    for case in cases:
        cls, name = case.split(".")
        suite.addTest(getattr(test_socket, cls)(name))
    suite.run(Reporter(limit))


if sys.argv[1] == "list":
    list_cases()
else:
    # What tests print must not come between our lines.
    os.dup2(2, 1)
    if sys.argv[2] == "deno":
        import shim

        shim.install()
    run_cases(float(sys.argv[3]), sys.argv[4:])
