"""Python's own modules, kept before `install()` puts ours in their place."""

import fcntl  # noqa: F401
import socket  # noqa: F401

# These use sockets and selectors for Python's own ends, and shall go on with
# Python's own.
import subprocess  # noqa: F401
