"""Differences between CPython's sockets and ours that the design wants."""

import dataclasses
import typing

from sequences import RECEIVING, SENDING, is_error

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM = 1, 2
SHUT_RD, SHUT_WR = 0, 1
EPERM, EAGAIN, EINPROGRESS, ECONNABORTED = 1, 11, 115, 103
ECONNREFUSED, EISCONN, EPROTOTYPE = 111, 106, 91
EINVAL, EPIPE, EOPNOTSUPP, ECONNRESET, ENOTCONN = 22, 32, 95, 104, 107
CONNECTING = ["connect", "connect_ex"]
ENDING = ["close", "detach"]


@dataclasses.dataclass
class Case:
    """Steps until the two sides part, and what they came to on CPython."""

    steps: list
    outcomes: list
    theirs: object
    ours: object

    def __post_init__(self):
        self.slot, self.method, *self.args = self.steps[-1]
        self.family, self.type = kind_of(self.steps, self.slot)
        self.is_tcp = self.family != AF_UNIX and self.type == SOCK_STREAM
        self.is_unix_stream = self.family == AF_UNIX and \
            self.type == SOCK_STREAM
        self.is_unix_datagram = self.family == AF_UNIX and \
            self.type == SOCK_DGRAM
        self.errnos = errno_of(self.theirs), errno_of(self.ours)

    def earlier(self, *methods):
        """Earlier steps that succeeded on CPython, of any socket."""
        return [step for step, outcome
                in zip(self.steps[:-1], self.outcomes)
                if step[1] in methods and not is_error(outcome)]

    def own(self, *methods):
        """The same of this socket, and of its duplicates."""
        slots = duplicates(self.steps, self.slot)
        return [step for step in self.earlier(*methods) if step[0] in slots]


def errno_of(outcome):
    return outcome[1] if is_error(outcome) else None


def has_shut_a_listener(steps):
    """Whether a socket was shut that listened later."""
    shut = set()
    for slot, method, *_ in steps:
        if method == "shutdown":
            shut |= duplicates(steps, slot)
        elif method == "listen" and slot in shut:
            return True
    return False


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


def duplicates(steps, slot):
    """The slots whose sockets share one descriptor's file with this one's."""
    slots = {slot}
    for slot, method, *args in [*steps, *reversed(steps)]:
        if method == "dup" and (slot in slots or args[0][1] in slots):
            slots |= {slot, args[0][1]}
    return slots


# ## Waiting and listening

def waits_in_a_wrong_state(case):
    return (is_timeout(case.theirs) or case.theirs == "blocks") and \
        case.errnos[1] in (EINVAL, EPIPE, ENOTCONN, EOPNOTSUPP)


def connects_to_what_is_bound(case):
    """To a stream socket that is bound, and has not listened yet."""
    slots = duplicates(case.steps, case.slot)
    for index, (slot, method, *args) in enumerate(case.steps):
        is_it = method in CONNECTING and len(args) == 1 and \
            isinstance(args[0], tuple) and args[0][0] == "name" and \
            (slot in slots or case.method == "select")
        if not is_it or case.type != SOCK_STREAM:
            continue
        peer = Case([*case.steps[:index], (args[0][1], "")],
                    case.outcomes[:index], None, None)
        if peer.own("bind") and not peer.own("listen"):
            return True
    return False


def has_another_backlog(case):
    """Of a listener whose backlog was changed."""
    again = [step[0] for step in case.earlier("listen")]
    is_full = is_timeout(case.theirs) or case.theirs == "blocks"
    return case.method in (*CONNECTING, *RECEIVING, *SENDING) and is_full and \
        len(set(again)) < len(again)


def connects_after_the_end(case):
    """Once more, where the first time it was with a timeout."""
    return case.is_tcp and case.method in CONNECTING and \
        bool({case.errnos[0], case.theirs} & {EINVAL, ECONNABORTED}) and \
        bool(case.own(*CONNECTING)) and bool(case.earlier(*ENDING))


def port_after_failure(case):
    """0 here, and a number there, after an attempt that has failed."""
    attempts = [step for step in case.steps if step[1] in CONNECTING]
    return case.is_tcp and case.method == "getsockname" and bool(attempts) and \
        isinstance(case.ours, tuple) and case.ours[1] == 0 and \
        not case.own("bind")


def binds_to_port_after_failure(case):
    """To the name of a socket whose attempt has failed."""
    failed = {step[0] for step in case.steps if step[1] in CONNECTING}
    bound = {step[0] for step in case.earlier("bind", "listen")}
    names = [("name", slot) for slot in failed - bound]
    return case.is_tcp and case.method in ("bind", "getsockname") and any(
        step[:2] == (case.slot, "bind") and step[2:3] and step[2] in names
        for step in case.steps)


def binds_again_after_failure(case):
    """After an attempt that has failed, from port 0."""
    return case.is_tcp and case.method == "bind" and \
        case.errnos == (None, EINVAL) and bool(case.own("bind")) and any(
            step[0] in duplicates(case.steps, case.slot)
            and step[1] in CONNECTING for step in case.steps)


def connects_with_a_path(case):
    return case.is_unix_stream and case.method in CONNECTING and \
        EOPNOTSUPP in (case.errnos[1], case.ours) and bool(case.own("bind"))


def binds_after_connecting(case):
    return case.family == AF_UNIX and case.method == "bind" and \
        case.errnos == (None, EINVAL) and \
        any(step[0] in duplicates(case.steps, case.slot)
            and step[1] in (*CONNECTING, *SENDING) for step in case.steps)


def connects_where_nobody_listens(case):
    """Again, or as a listener, to the file of a socket that is closed."""
    return case.is_unix_stream and case.method in CONNECTING and \
        ECONNREFUSED in (case.errnos[0], case.theirs) and \
        bool({case.errnos[1], case.ours} & {EISCONN, EINVAL})


def was_looked_at(case):
    """By a datagram socket that wanted to connect to a stream's path."""
    return case.method in ("select", "accept") and any(
        step[1] in CONNECTING and EPROTOTYPE in (errno_of(outcome), outcome)
        for step, outcome in zip(case.steps, case.outcomes))


def waits_too_long(case):
    """A timeout beyond the milliseconds of poll(2)."""
    return is_timeout(case.theirs) and case.ours == "blocks" and any(
        step[1] == "settimeout" and step[2:] in [(2 ** 31,), (2 ** 64,)]
        for step in case.steps)


def was_shut_before_it_listened(case):
    """What it has accepted has inherited that from it."""
    return case.type == SOCK_STREAM and has_shut_a_listener(case.steps) and \
        (case.method in (*RECEIVING, *SENDING, *CONNECTING, "accept")
         or case.method in ("select", "shutdown", "getpeername"))


# ## What the peer is told

GONE = (ECONNRESET, EPIPE, ENOTCONN)


def tells_of_a_reset(case):
    """The kernel there knows of a reset; here the call does not."""
    return case.type == SOCK_STREAM and (
        case.errnos[0] in GONE and case.errnos[0] != case.errnos[1]
        or case.method in ("connect_ex", "getsockopt")
        and case.theirs in (EPIPE, ECONNRESET)
        or case.method in ("bind", "listen") and case.is_tcp
        and case.errnos == (None, EINVAL))


def may_have_lost_its_peer(case):
    """Whether another end of a connection was closed earlier."""
    ends = {step[0] for step in case.steps if step[1] in CONNECTING}
    ends |= {step[2][1] for step in case.earlier("accept")}
    closed = {step[0] for step in case.earlier(*ENDING)}
    own = duplicates(case.steps, case.slot)
    return any(duplicates(case.steps, slot) & ends for slot in closed - own)


def was_left_with_data(case):
    """After a close of a stream socket that may have had unread data."""
    return tells_of_a_reset(case) and may_have_lost_its_peer(case) and \
        bool(case.earlier(*SENDING))


def listener_was_closed(case):
    """After the end of a listener with a connection not accepted."""
    ended = {step[0] for step in case.earlier(*ENDING, "shutdown")}
    return tells_of_a_reset(case) and any(
        step[0] in ended for step in case.earlier("listen"))


def was_shut_both_ways(case):
    """After data for a TCP socket that was shut in both directions."""
    hows = {}
    for step in case.earlier("shutdown"):
        if kind_of(case.steps, step[0])[0] != AF_UNIX:
            hows.setdefault(step[0], set()).add(step[2])
    is_shut = any(2 in each or {0, 1} <= each for each in hows.values())
    is_received = case.errnos[0] == ECONNRESET and case.method in RECEIVING
    return case.is_tcp and is_shut and bool(case.earlier(*SENDING)) and \
        (is_received or tells_of_a_reset(case))


def has_not_noticed(case):
    """After a peer's end, in a call that neither receives nor sends."""
    shut = {step[0] for step in case.earlier("shutdown") if step[2] != SHUT_RD}
    was_reset = may_have_lost_its_peer(case) and bool(case.earlier(*SENDING))
    return case.is_tcp and tells_of_a_reset(case) and \
        case.method in ("getpeername", "shutdown", "bind") and \
        (was_reset or len(shut) > 1)


# ## Unix datagrams

def sends_to_who_is_shut(case):
    shut = [step for step in case.earlier("shutdown") if step[2] != SHUT_WR]
    return case.is_unix_datagram and case.method in SENDING and \
        case.errnos == (EPIPE, None) and bool(shut)


def sends_to_who_is_connected(case):
    return case.is_unix_datagram and \
        case.method in (*SENDING, *CONNECTING) and \
        (case.errnos[0] == EPERM or case.theirs == EPERM) and \
        bool(case.earlier(*CONNECTING))


def lost_its_peer(case):
    """After the end of a peer, or with another: the kernel drops the rest."""
    return case.is_unix_datagram and case.errnos[1] is None and \
        case.method in (*RECEIVING, "select") and any(
            step[0] in duplicates(case.steps, case.slot)
            and step[1] in SENDING and errno_of(outcome) == ECONNREFUSED
            for step, outcome in zip(case.steps, case.outcomes))


def accepts_datagrams(case):
    """An error that is pending on a socket that can accept nothing."""
    return case.type == SOCK_DGRAM and case.method == "accept" and \
        case.errnos == (EOPNOTSUPP, ECONNREFUSED)


# ## JavaScript

def has_no_readonly_arrays(case):
    return case.method.endswith("_into") and is_error(case.theirs) and \
        "read-write bytes-like object" in case.theirs[2]


def has_no_tuples(case):
    return is_error(case.theirs) and is_error(case.ours) and \
        case.theirs[0] == case.ours[0] == "TypeError" and \
        [] in case.args and "list" in case.theirs[2]


# ## Descriptors

def has_no_descriptor(case):
    """Words of ours for a descriptor that cannot be found."""
    return is_error(case.ours) and \
        "does not tell which descriptor" in case.ours[2] and \
        case.method in ("detach", "getsockopt", "setsockopt")


# ## Duplicates

def shares_a_mode(case):
    """One duplicate's timeout makes another's call block, or not."""
    return len(duplicates(case.steps, case.slot)) > 1 and (
        case.theirs == "blocks" and case.errnos[1] in (EAGAIN, EINPROGRESS)
        or case.errnos[0] in (EAGAIN, EINPROGRESS) and case.ours == "blocks"
        or is_timeout(case.ours) and bool(case.own("shutdown")))


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
    Wanted("The first listen() decides on the backlog.", has_another_backlog),
    Wanted("The kernel has not noticed a connection with a timeout that has "
           "ended, until it is told to connect once more.",
           connects_after_the_end),
    Wanted("Duplicates have timeouts of their own, also in whether they wait.",
           shares_a_mode),
    Wanted("What a socket accepts that was shut before it listened, is shut as "
           "well on Linux.", was_shut_before_it_listened),
    Wanted("The system does not tell Unix sockets without names apart, and a "
           "connection made in the background has no descriptor any more when "
           "the peer has reset it.", has_no_descriptor),
    Wanted("Deno does not get to look at the path of a socket that is not to be "
           "connected to it.", connects_where_nobody_listens, True),
    Wanted("A datagram socket looks at a path by a connection, which is ended at "
           "once.", was_looked_at),
    Wanted("CPython has a timeout of more than 24 days end at once.",
           waits_too_long),
    Wanted("Linux drops what has come from a Unix datagram peer that has gone.",
           lost_its_peer),
    Wanted("accept() on a datagram socket tells of an earlier error first.",
           accepts_datagrams),
    Wanted("Deno does not tell the port of an attempt that has failed.",
           port_after_failure, True),
    Wanted("A port that the system chose is kept when an attempt has failed.",
           binds_again_after_failure),
    Wanted("Nobody can bind to the port of an attempt that has failed.",
           binds_to_port_after_failure),
    Wanted("Deno cannot connect from a Unix path.", connects_with_a_path),
    Wanted("Deno cannot give a path to a socket that it has opened without.",
           binds_after_connecting),
    Wanted("Deno ends its side in order before it closes: where data is left "
           "unread, the peer gets the end and no reset.", was_left_with_data),
    Wanted("Deno has accepted the first connection that a listener leaves: the "
           "peer gets the end and no reset.", listener_was_closed),
    Wanted("SHUT_RD is emulated on TCP: what comes afterwards is received, and "
           "does not reset the connection.", was_shut_both_ways),
    Wanted("Deno tells of a peer's end only those who receive or send.",
           has_not_noticed),
    Wanted("SHUT_RD is emulated on Unix datagrams: others can still send.",
           sends_to_who_is_shut),
    Wanted("Only here it is known to whom a Unix datagram socket is connected, "
           "so that others can send to it; what they send is passed over.",
           sends_to_who_is_connected),
    Wanted("JavaScript has no arrays that are read-only.",
           has_no_readonly_arrays),
    Wanted("JavaScript has arrays only, which are tuples to us.",
           has_no_tuples, True),
]
