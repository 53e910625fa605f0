/** The descriptors of Deno's own sockets. */

import { assert, assertEquals } from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../mod.ts";
import {
  findDescriptors,
  findSeen,
  type Wanted,
} from "../src/find_descriptors.ts";
import { LOCALHOST, NO_IPV6, testUnless, unixPath } from "./_pairs.ts";
import {
  addressOf,
  calls,
  closing,
  Descriptors,
  find,
  NO_POSIX,
  openUdp,
  portOf,
} from "./_posix.ts";
import { run } from "./_program.ts";

for (const family of [AF_INET, AF_INET6]) {
  const hostname = family === AF_INET ? LOCALHOST : "::1";
  const reason = family === AF_INET6 ? NO_IPV6 : undefined;
  testUnless(
    NO_POSIX ?? reason,
    `findDescriptors() finds a listener at ${hostname}, a client and what is accepted`,
    async () => {
      using listener = Deno.listen({ hostname, port: 0 });
      const port = portOf(listener.addr);
      using client = await Deno.connect({ hostname, port });
      using conn = await listener.accept();
      const fds = [
        find({
          family,
          type: SOCK_STREAM,
          local: addressOf(listener.addr),
          peer: null,
        }),
        ...[client, conn].map(({ localAddr, remoteAddr }) =>
          find({
            family,
            type: SOCK_STREAM,
            local: addressOf(localAddr),
            peer: addressOf(remoteAddr),
          })
        ),
      ];
      assertEquals(new Set(fds).size, 3);
      const isReused = calls().getsockopt(fds[0]!, SOL_SOCKET, SO_REUSEADDR, 4);
      assertEquals(isReused[0]! > 0, true);
      // What is written to the one is there at the other.
      await client.write(new Uint8Array(3));
      assertEquals(calls().bytesReadable(fds[2]!), 3);
      await conn.read(new Uint8Array(3));
    },
  );
}

testUnless(
  NO_POSIX,
  "findDescriptors() finds a UDP endpoint, and a Unix one",
  async () => {
    await using folder = await unixPath();
    const address = { transport: "unixpacket", path: folder.path } as const;
    using udp = openUdp();
    using unix = closing(Deno.listenDatagram(address));
    const type = SOCK_DGRAM;
    const fd = find({
      family: AF_INET,
      type,
      local: addressOf(udp.addr),
      peer: null,
    });
    const other = find({ family: AF_UNIX, type, local: folder.path });
    assertEquals(calls().kindOf(fd).type, SOCK_DGRAM);
    assert(fd !== other);
    await unix.send(Uint8Array.of(1), address);
    assertEquals(calls().bytesReadable(other), 1);
  },
);

testUnless(
  NO_POSIX,
  "findDescriptors() finds a Unix listener, a client and what is accepted",
  async () => {
    await using folder = await unixPath();
    const { path } = folder;
    using listener = Deno.listen({ transport: "unix", path });
    using _client = await Deno.connect({ transport: "unix", path });
    using _conn = await listener.accept();
    const common = { family: AF_UNIX, type: SOCK_STREAM };
    const fds = [
      find({ ...common, local: path, peer: null }),
      find({ ...common, local: "", peer: path }),
      find({ ...common, local: path, peer: "" }),
    ];
    assertEquals(new Set(fds).size, 3);
  },
);

testUnless(
  NO_POSIX,
  "findDescriptors() returns all that could be it, but for those excluded",
  async () => {
    await using folder = await unixPath();
    const { path } = folder;
    const wanted = { family: AF_UNIX, type: SOCK_STREAM, local: "" };
    using _listener = Deno.listen({ transport: "unix", path });
    using _first = await Deno.connect({ transport: "unix", path });
    const before = find({ ...wanted, peer: path });
    using _second = await Deno.connect({ transport: "unix", path });
    const both = findDescriptors({ ...wanted, peer: path });
    assertEquals(both.length, 2);
    const exclude = new Set([before]);
    const after = find({ ...wanted, peer: path, exclude });
    assertEquals(both.toSorted(), [before, after].toSorted());
  },
);

testUnless(
  NO_POSIX,
  "findDescriptors() returns duplicates too, unless they are excluded",
  async () => {
    using descriptors = new Descriptors();
    using listener = Deno.listen({ hostname: LOCALHOST, port: 0 });
    using client = await Deno.connect({
      hostname: LOCALHOST,
      port: portOf(listener.addr),
    });
    const wanted = {
      family: AF_INET,
      type: SOCK_STREAM,
      local: addressOf(client.localAddr),
    };
    const fd = find(wanted);
    const [duplicate] = descriptors.keep([calls().dup(fd)]);
    assertEquals(findDescriptors(wanted), [fd, duplicate]);
    const peer = addressOf(client.remoteAddr);
    const exclude = new Set([duplicate]);
    assertEquals(findDescriptors({ ...wanted, peer, exclude }), [fd]);
  },
);

testUnless(
  NO_POSIX,
  "findDescriptors() returns nothing for a socket that is closed, or has another peer",
  async () => {
    using listener = Deno.listen({ hostname: LOCALHOST, port: 0 });
    using client = await Deno.connect({
      hostname: LOCALHOST,
      port: portOf(listener.addr),
    });
    const conn = await listener.accept();
    const wanted = {
      family: AF_INET,
      type: SOCK_STREAM,
      local: addressOf(client.localAddr),
    };
    assertEquals(findDescriptors({ ...wanted, peer: null }), []);
    assertEquals(findDescriptors({ ...wanted, peer: [LOCALHOST, 1] }), []);
    assertEquals(findDescriptors({ ...wanted, family: AF_INET6 }), []);
    assertEquals(findDescriptors({ ...wanted, type: SOCK_DGRAM }), []);
    const { localAddr, remoteAddr } = conn;
    conn.close();
    const closed = {
      ...wanted,
      local: addressOf(localAddr),
      peer: addressOf(remoteAddr),
    };
    assertEquals(findDescriptors(closed), []);
  },
);

testUnless(
  NO_POSIX,
  "findDescriptors() finds one among thousands, and above a gap",
  async () => {
    using descriptors = new Descriptors();
    using listener = Deno.listen({ hostname: LOCALHOST, port: 0 });
    const port = portOf(listener.addr);
    const lower = descriptors.keep(
      Array.from({ length: 1000 }, () => calls().socket(AF_INET, 1, 0)),
    );
    using client = await Deno.connect({ hostname: LOCALHOST, port });
    const wanted = {
      family: AF_INET,
      type: SOCK_STREAM,
      local: addressOf(client.localAddr),
      peer: addressOf(client.remoteAddr),
    };
    const fd = find(wanted);
    assert(fd > 1000);
    for (const other of lower) descriptors.close(other);
    assertEquals(find(wanted), fd);
  },
);

testUnless(NO_POSIX, "findDescriptors() needs no --allow-read", async () => {
  const module = import.meta.resolve("../src/find_descriptors.ts");
  const program = `
    const { findDescriptors } = await import(${JSON.stringify(module)});
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const local = ["127.0.0.1", listener.addr.port];
    console.log(findDescriptors({ family: 2, type: 1, local }).length);
  `;
  const flags = ["--no-prompt", "--allow-net", "--allow-ffi"];
  assertEquals((await run(program, flags)).stdout, "1\n");
});

/** So many connections of Deno's, both ends of each. */
async function openConns(count: number): Promise<Deno.Conn[]> {
  using listener = Deno.listen({ hostname: LOCALHOST, port: 0 });
  const port = portOf(listener.addr);
  const conns: Deno.Conn[] = [];
  for (let i = 0; i < count; i++) {
    conns.push(await Deno.connect({ hostname: LOCALHOST, port }));
    conns.push(await listener.accept());
  }
  return conns;
}

function wantedOf({ localAddr, remoteAddr }: Deno.Conn): Wanted {
  const [local, peer] = [addressOf(localAddr), addressOf(remoteAddr)];
  return { family: AF_INET, type: SOCK_STREAM, local, peer };
}

testUnless(
  NO_POSIX,
  "findSeen() finds many by one look, and only what is there",
  async () => {
    const conns = await openConns(20);
    using sock = openUdp(LOCALHOST);
    const wanted: Wanted[] = [...conns.map(wantedOf), {
      family: AF_INET,
      type: SOCK_DGRAM,
      local: addressOf(sock.addr),
      isAlone: true,
    }];
    // It may take some requests until it is time for a look.
    let found = wanted.map(findSeen);
    for (let i = 0; i < 99 && found.includes(undefined); i++) {
      found = wanted.map(findSeen);
    }
    assertEquals(found, wanted.map(find));
    assertEquals(
      findSeen({ ...wanted[0]!, exclude: new Set(wanted.map(find)) }),
      undefined,
    );
    assertEquals(findSeen({ ...wanted[0]!, peer: null }), undefined);
    // Their numbers belong to others now.
    for (const conn of conns) conn.close();
    const others = await openConns(20);
    const gone = conns.map(wantedOf).map(findSeen);
    assertEquals(gone, conns.map(() => undefined));
    for (const conn of others) conn.close();
  },
);
