/** Ancillary data, and how it is cut, beside CPython's. */

import { assertEquals } from "@std/assert";
import {
  AF_INET6,
  AF_UNIX,
  errno,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  MSG_CTRUNC,
  SCM_RIGHTS,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../mod.ts";
import type { AncillaryItem } from "../src/buffers.ts";
import { POLLIN } from "../src/poller.ts";
import { inTime } from "./_outcome.ts";
import { NO_IPV6, testUnless } from "./_pairs.ts";
import { NO_PYTHON } from "./_peers.ts";
import {
  addressOf,
  calls,
  countDescriptors,
  Descriptors,
  find,
  ints,
  NO_POSIX,
  openUdp,
} from "./_posix.ts";
import { packSockaddr } from "../src/sockaddr.ts";

const BYTE = Uint8Array.of(1);

/** The descriptors in an item of ancillary data. */
function rightsIn([level, type, data]: AncillaryItem): number[] {
  assertEquals([level, type], [SOL_SOCKET, SCM_RIGHTS]);
  const whole = data.slice(0, data.length - data.length % 4);
  return [...new Int32Array(whole.buffer)];
}

testUnless(NO_POSIX, "SCM_RIGHTS hands a descriptor over", () => {
  using descriptors = new Descriptors();
  const posix = calls();
  const [a, b] = descriptors.keep(posix.socketpair(AF_UNIX, SOCK_STREAM, 0));
  const [c, d] = descriptors.keep(posix.socketpair(AF_UNIX, SOCK_STREAM, 0));
  const sent = posix.sendmsg(a, [BYTE], [[SOL_SOCKET, SCM_RIGHTS, ints(c)]]);
  assertEquals(sent, 1);
  const { data, ancillary, flags, address } = posix.recvmsg(b, 9, 100);
  assertEquals({ data, flags, address }, {
    data: BYTE,
    flags: 0,
    address: null,
  });
  assertEquals(ancillary.length, 1);
  const [received] = descriptors.keep(rightsIn(ancillary[0]!));
  posix.sendmsg(received!, [Uint8Array.of(7)]);
  assertEquals(posix.recv(d, 9), Uint8Array.of(7));
});

testUnless(NO_POSIX, "SCM_RIGHTS of a number that is not open is EBADF", () => {
  using descriptors = new Descriptors();
  const [a] = descriptors.keep(calls().socketpair(AF_UNIX, SOCK_STREAM, 0));
  let code: unknown;
  try {
    const rights: AncillaryItem = [SOL_SOCKET, SCM_RIGHTS, ints(99_999)];
    calls().sendmsg(a, [BYTE], [rights]);
  } catch (error) {
    code = error instanceof Error && "errno" in error && error.errno;
  }
  assertEquals(code, errno.EBADF);
});

/** Runs a program of CPython's that prints JSON. */
async function python(program: string): Promise<unknown> {
  const { stdout, stderr } = await new Deno.Command("python3", {
    args: ["-W", "ignore", "-c", program],
  }).output();
  const [text, trouble] = [stdout, stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  assertEquals(trouble, "");
  return JSON.parse(text!);
}

/** How much room there is for ancillary data. */
const SIZES = Array.from({ length: 80 }, (_, size) => size);

testUnless(
  NO_POSIX ?? NO_PYTHON,
  "Posix.recvmsg() cuts SCM_RIGHTS as CPython does, whatever the room",
  async () => {
    const theirs = await python(`
import array, json, os, socket
rows = []
for size in range(${SIZES.length}):
    a, b = socket.socketpair()
    a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
    data, items, flags, address = b.recvmsg(9, size)
    for level, kind, rights in items:
        fds = array.array("i", rights[:len(rights) - len(rights) % 4])
        for fd in fds: os.close(fd)
    rows.append([len(data), [[l, k, len(r)] for l, k, r in items], flags, address])
    a.close(); b.close()
print(json.dumps(rows))
`);
    const before = countDescriptors();
    const ours = SIZES.map((size) => {
      using descriptors = new Descriptors();
      const posix = calls();
      const [a, b] = descriptors.keep(
        posix.socketpair(AF_UNIX, SOCK_STREAM, 0),
      );
      const rights: AncillaryItem = [SOL_SOCKET, SCM_RIGHTS, ints(0, 1, 2)];
      posix.sendmsg(a, [BYTE], [rights]);
      const { data, ancillary, flags, address } = posix.recvmsg(b, 9, size);
      for (const item of ancillary) descriptors.keep(rightsIn(item));
      const items = ancillary.map(([l, t, data]) => [l, t, data.length]);
      return [data.length, items, flags, address];
    });
    assertEquals(ours, theirs);
    assertEquals(ours[0], [1, [], MSG_CTRUNC, null]);
    assertEquals(countDescriptors(), before);
  },
);

testUnless(
  NO_POSIX ?? NO_IPV6 ?? NO_PYTHON,
  "Posix.recvmsg() tells hop limit and traffic class of an IPv6 datagram as CPython does, whatever the room",
  async () => {
    const theirs = await python(`
import json, socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(("::1", 0))
r = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); r.bind(("::1", 0))
r.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
r.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 17)
rows = []
for size in range(${SIZES.length}):
    s.sendmsg([b"abc"], [(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, (5).to_bytes(4, "little"))], 0, r.getsockname())
    data, items, flags, address = r.recvmsg(2, size)
    rows.append([list(data), [[l, k, list(d)] for l, k, d in items], flags, address == s.getsockname()])
print(json.dumps(rows))
`);
    using sender = openUdp("::1");
    using receiver = openUdp("::1");
    const posix = calls();
    const [s, r] = [sender, receiver].map(({ addr }) =>
      find({
        family: AF_INET6,
        type: SOCK_DGRAM,
        local: addressOf(addr),
      })
    ) as [number, number];
    posix.setsockopt(r, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, ints(1));
    posix.setsockopt(r, IPPROTO_IPV6, IPV6_RECVTCLASS, ints(1));
    posix.setsockopt(s, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ints(17));
    const target = packSockaddr(AF_INET6, addressOf(receiver.addr));
    const tclass: AncillaryItem = [IPPROTO_IPV6, IPV6_TCLASS, ints(5)];
    const ours: unknown[] = [];
    for (const size of SIZES) {
      posix.sendmsg(s, [Uint8Array.of(97, 98, 99)], [tclass], 0, target);
      await inTime(posix.poll(r, POLLIN).happened);
      const { data, ancillary, flags, address } = posix.recvmsg(r, 2, size);
      const items = ancillary.map(([l, t, data]) => [l, t, [...data]]);
      const isFrom = String(address) === String(posix.getsockname(s));
      ours.push([[...data], items, flags, isFrom]);
    }
    assertEquals(ours, theirs);
    const [, last] = ours.at(-1) as [unknown, unknown[]];
    assertEquals(last.length, 2);
    assertEquals(last[0], [IPPROTO_IPV6, IPV6_HOPLIMIT, [17, 0, 0, 0]]);
    assertEquals(last[1], [IPPROTO_IPV6, IPV6_TCLASS, [5, 0, 0, 0]]);
  },
);
