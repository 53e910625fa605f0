"""Runs a command at a terminal of its own, as a person would.

    terminal.py KEYS COMMAND...

KEYS is a JSON list of what to type, each part after the prompt has come. Prints
what the terminal has shown, and ends with the exit code of the command.
"""

import json
import os
import pty
import sys

keys = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

shown = b""
while True:
    try:
        data = os.read(terminal, 1024)
    except OSError:  # Linux's way to say that the command has ended.
        break
    if not data:
        break
    shown += data
    if keys and shown.endswith(b">>> "):
        os.write(terminal, keys.pop(0).encode())

sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
