"""Sends messages to the server of sticky, and expects answers for all bytes.

TCP leaves open how many answers there are, but not what they are about.
"""

import json
import re
import socket
import sys

ADDRESS = ("127.0.0.1", int(sys.argv[1]))
ANSWER = re.compile(r"1 message of (\d+) bytes?: (\".*\")\n")


def exchange(answers, sk, messages):
    """The messages that the server has made of these."""
    left = sum(len(message) for message in messages)
    for message in messages:
        sk.sendall(message)
    taken = []
    while left > 0:
        size, text = ANSWER.fullmatch(answers.readline()).groups()
        left -= int(size)
        taken.append((int(size), json.loads(text)))
    assert left == 0, left
    return taken


def check(case, isright, taken):
    if not isright:
        sys.exit(f"{case}: {taken!r}")
    print(case)


with socket.create_connection(ADDRESS, timeout=15) as sk:
    with sk.makefile("r", encoding="utf-8", newline="\n") as answers:
        taken = exchange(answers, sk, ["你好".encode()])
        check("one message", taken == [(6, "你好")], taken)
        taken = exchange(answers, sk, [b'a "quote"\n\\'])
        check("quotes", taken == [(11, 'a "quote"\n\\')], taken)
        taken = exchange(answers, sk, [b"x"])
        check("one byte", taken == [(1, "x")], taken)
        taken = exchange(answers, sk, [b"one", b"two"] * 20)
        text = "".join(text for _, text in taken)
        check("many messages", text == "onetwo" * 20, taken)
        taken = exchange(answers, sk, [b"x" * 3000])
        check("a long message", max(taken)[0] <= 1024 < len(taken) * 1024,
              taken)
        sk.shutdown(socket.SHUT_WR)
        check("half-close", answers.read() == "", "more")
