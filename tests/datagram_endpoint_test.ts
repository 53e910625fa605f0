/** What the kernel's datagram socket is, state by state, beyond what lines tell. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  BlockingIOError,
  ConnectionRefusedError,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_TTL,
  IPPROTO_IP,
  OSError,
  PermissionError,
  SOCK_DGRAM,
  TimeoutError,
} from "../mod.ts";
import { DatagramEndpoint } from "../src/datagram_endpoint.ts";
import { posix } from "../src/posix.ts";
import type { HostPort } from "../src/resolve.ts";
import { bytes, inTime, isPending, text } from "./_outcome.ts";
import { NO_UNIX, testUnless, unixPath } from "./_pairs.ts";
import { run } from "./_program.ts";

const LOCALHOST = "127.0.0.1";
const GROUP = "239.83.67.75";

/** Why what needs the descriptor cannot run here, if it cannot. */
const NO_POSIX = posix() === undefined ? "ignored: no --allow-ffi" : undefined;

/** A setting that Deno's own way does not have chooses the other. */
const WAYS = [
  { way: "Deno.listenDatagram", isNode: false },
  { way: "node:dgram", isNode: true },
];

type Held = DatagramEndpoint & AsyncDisposable;

/** An endpoint that is closed at the end of its block. */
function make(family = AF_INET, isNode = false): Held {
  const endpoint = new DatagramEndpoint(family, SOCK_DGRAM, 0);
  if (isNode) endpoint.set("v6only", true);
  return held(endpoint);
}

function held(endpoint: DatagramEndpoint): Held {
  return Object.assign(endpoint, {
    [Symbol.asyncDispose]: () => endpoint.close(),
  });
}

function bound(hostname = LOCALHOST, isNode = false): Held {
  const endpoint = make(AF_INET, isNode);
  endpoint.bind({ hostname, port: 0 });
  return endpoint;
}

function addressOf(endpoint: DatagramEndpoint, hostname = LOCALHOST): HostPort {
  const [, port] = endpoint.getsockname() as [string, number];
  return { hostname, port };
}

function sendTo(from: DatagramEndpoint, message: string, to: HostPort) {
  return from.sendMessage(bytes(message), [], to, null, 0);
}

async function receive(
  endpoint: DatagramEndpoint,
  timeout: number | null = null,
): Promise<string> {
  return text(await endpoint.receive(100, timeout, 0));
}

for (const { way, isNode } of WAYS) {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test(`DatagramEndpoint by ${way} ${promise}`, fn);

  test("hears a group from when it joins until it leaves", async () => {
    await using receiver = bound("0.0.0.0", isNode);
    await using sender = bound(LOCALHOST, isNode);
    const to = addressOf(receiver, GROUP);
    const asks = async (message: string) => {
      await sendTo(sender, message, to);
      return await receive(receiver, 0.02);
    };
    await assertRejects(() => asks("before"), TimeoutError);
    receiver.join(GROUP, LOCALHOST);
    // Joining takes a moment in one of the ways; what it sends waits for that.
    await sendTo(receiver, "self", addressOf(receiver));
    assertEquals(await receive(receiver), "self");
    assertEquals(await asks("during"), "during");
    receiver.leave(GROUP, LOCALHOST);
    await sendTo(receiver, "self", addressOf(receiver));
    assertEquals(await receive(receiver), "self");
    await assertRejects(() => asks("after"), TimeoutError);
  });

  test("joins what was joined before it was bound", async () => {
    await using receiver = make(AF_INET, isNode);
    receiver.join(GROUP, LOCALHOST);
    assertEquals(receiver.getsockname(), ["0.0.0.0", 0]);
    receiver.bind({ hostname: "0.0.0.0", port: 0 });
    await using sender = bound(LOCALHOST, isNode);
    await sendTo(receiver, "self", addressOf(receiver));
    assertEquals(await receive(receiver), "self");
    await sendTo(sender, "hello", addressOf(receiver, GROUP));
    assertEquals(await receive(receiver), "hello");
  });

  test("refuses broadcasts until they are allowed", async () => {
    await using receiver = bound("0.0.0.0", isNode);
    await using sender = bound(LOCALHOST, isNode);
    const to = addressOf(receiver, "127.255.255.255");
    for (const hostname of [to.hostname, "255.255.255.255"]) {
      const error = assertThrows(
        () => sendTo(sender, "x", { ...to, hostname }),
        PermissionError,
      );
      assertEquals(error.message, "[Errno 13] Permission denied");
    }
    sender.set("broadcast", true);
    await sendTo(sender, "everybody", to);
    assertEquals(await receive(receiver), "everybody");
    sender.set("broadcast", false);
    assertThrows(() => sendTo(sender, "x", to), PermissionError);
  });

  test("shares a port only with those who want it too", async () => {
    await using first = make(AF_INET, isNode);
    first.set("reuseAddress", true);
    first.bind({ hostname: LOCALHOST, port: 0 });
    await using second = make(AF_INET, isNode);
    const local = addressOf(first);
    assertThrows(() => second.bind(local), OSError, "already in use");
    second.set("reuseAddress", true);
    second.bind(local);
    assertEquals(second.getsockname(), first.getsockname());
  });

  testUnless(
    NO_POSIX,
    `DatagramEndpoint by ${way} gives the system its settings, early or late`,
    async () => {
      const system = posix()!;
      const asInt = (endpoint: DatagramEndpoint, name: number) =>
        new Int32Array(
          system.getsockopt(endpoint.locate()!, IPPROTO_IP, name, 4).buffer,
        )[0];
      for (const isEarly of [true, false]) {
        await using endpoint = make(AF_INET, isNode);
        const bind = () => endpoint.bind({ hostname: LOCALHOST, port: 0 });
        if (!isEarly) bind();
        endpoint.set("multicastTtl", 7);
        endpoint.set("multicastLoop", false);
        endpoint.set("ttl", 9);
        if (isEarly) bind();
        await sendTo(endpoint, "x", addressOf(endpoint));
        assertEquals(asInt(endpoint, IP_MULTICAST_TTL), 7);
        assertEquals(asInt(endpoint, IP_MULTICAST_LOOP), 0);
        assertEquals(asInt(endpoint, IP_TTL), 9);
      }
    },
  );

  testUnless(
    NO_POSIX,
    `DatagramEndpoint by ${way} is refused by a peer that is not there`,
    async () => {
      await using gone = bound();
      const remote = addressOf(gone);
      await gone.close();
      await using endpoint = make(AF_INET, isNode);
      await endpoint.connect(remote);
      assertEquals(endpoint.getsockname(), [
        LOCALHOST,
        addressOf(endpoint).port,
      ]);
      const refused = (call: () => Promise<unknown>) =>
        assertRejects(call, ConnectionRefusedError);
      const send = () => endpoint.send(bytes("x"), null, 0);
      // The next call hears of it, whichever that is, and only that one.
      await send();
      await refused(() => endpoint.receive(1, 0, 0));
      await assertRejects(() => endpoint.receive(1, 0, 0), BlockingIOError);
      await send();
      await refused(send);
      await send();
      await refused(() => inTime(endpoint.receive(1, null, 0)));
      await send();
      assert(endpoint.takeFailure() instanceof ConnectionRefusedError);
      assertEquals(endpoint.takeFailure(), undefined);
      const changed = Promise.withResolvers<void>();
      const unwatch = endpoint.watch(changed.resolve);
      await send();
      await inTime(changed.promise);
      assert(endpoint.isReadable);
      unwatch();
    },
  );

  testUnless(
    NO_POSIX,
    `DatagramEndpoint by ${way} knows its descriptor`,
    async () => {
      await using endpoint = make(AF_INET, isNode);
      assertEquals(endpoint.locate(), undefined);
      const seen: (number | undefined)[] = [];
      endpoint.onSystemChange = () => seen.push(endpoint.locate());
      endpoint.bind({ hostname: LOCALHOST, port: 0 });
      const fd = endpoint.locate();
      assertEquals(seen, [fd]);
      assertEquals(
        posix()!.getsockname(fd!) as unknown,
        endpoint.getsockname(),
      );
    },
  );
}

Deno.test("DatagramEndpoint.join() and leave() say what the kernel says", async () => {
  await using endpoint = bound();
  const rows: [() => void, string | undefined][] = [
    [() => endpoint.join("1.2.3.4", LOCALHOST), "EINVAL"],
    [() => endpoint.join(GROUP, "9.9.9.9"), "ENODEV"],
    [() => endpoint.leave(GROUP, LOCALHOST), "EADDRNOTAVAIL"],
    [() => endpoint.join(GROUP, LOCALHOST), undefined],
    [() => endpoint.join(GROUP, LOCALHOST), "EADDRINUSE"],
    [() => endpoint.leave(GROUP, "0.0.0.0"), "EADDRNOTAVAIL"],
    [() => endpoint.leave(GROUP, LOCALHOST), undefined],
    [() => endpoint.leave(GROUP, LOCALHOST), "EADDRNOTAVAIL"],
    [() => endpoint.leave("1.2.3.4", LOCALHOST), "EADDRNOTAVAIL"],
  ];
  for (const [call, code] of rows) {
    if (code === undefined) call();
    else assertEquals(assertThrows(call, OSError).code, code);
  }
  await using other = make(AF_INET6);
  assertEquals(
    assertThrows(() => other.join("fe80::1", 1), OSError).code,
    "EINVAL",
  );
});

Deno.test("DatagramEndpoint.sendMessage() refuses ancillary data that makes no sense", async () => {
  await using endpoint = bound();
  const to = addressOf(endpoint);
  const data = new Uint8Array(4);
  const send = (level: number, type: number) =>
    endpoint.sendMessage(data, [[level, type, data]], to, null, 0);
  assertEquals(assertThrows(() => send(1, 99), OSError).code, "EINVAL");
  assertEquals(await send(77, 1), 4);
});

testUnless(
  NO_UNIX,
  "DatagramEndpoint.pair() makes two ends without names",
  async () => {
    const [one, other] = DatagramEndpoint.pair().map(held) as [Held, Held];
    await using _ = other;
    await using __ = one;
    assertEquals([one.getsockname(), one.peer], ["", ""]);
    const call = receive(one);
    await one.send(bytes("to"), null, 0);
    await other.send(bytes("fro"), null, 0);
    const message = await other.receiveMessage(9, 0, null, 0);
    assertEquals([text(message.data), message.address], ["to", null]);
    assertEquals(await call, "fro");
    await other.close();
    await assertRejects(
      () => one.send(bytes("x"), null, 0),
      ConnectionRefusedError,
    );
    const error = await assertRejects(
      () => one.send(bytes("x"), null, 0),
      OSError,
    );
    assertEquals(error.code, "ENOTCONN");
  },
);

testUnless(
  NO_UNIX,
  "DatagramEndpoint chooses a name as Linux does",
  async () => {
    await using one = make(AF_UNIX);
    one.bind({ path: "" });
    const name = one.getsockname();
    assert(name instanceof Uint8Array);
    assertEquals(/^\0[0-9a-f]{5}$/.test(text(name)), true);
    await using other = make(AF_UNIX);
    await other.sendMessage(bytes("x"), [], { path: text(name) }, null, 0);
    assertEquals(await receive(one), "x");
  },
);

testUnless(
  NO_UNIX,
  "DatagramEndpoint sends nobody a bell that is not its own",
  async () => {
    await using folder = await unixPath();
    await using one = make(AF_UNIX);
    one.bind({ path: folder.path });
    Deno.removeSync(folder.path);
    await using stranger = make(AF_UNIX);
    stranger.bind({ path: folder.path });
    // A bell would be needed here, and there is no way to the socket any more.
    await assertRejects(() => one.receive(1, 0.01, 0), TimeoutError);
    assert(await isPending(stranger.receive(1, null, 0).catch(() => {})));
  },
);

Deno.test("DatagramEndpoint of AF_UNIX names the flag that it needs", async () => {
  const code = `try {
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  } catch (error) {
    console.log(error.code, error.message);
  }`;
  const { stdout } = await run(code, ["--allow-net"]);
  assertEquals(
    stdout,
    "EAFNOSUPPORT [Errno 97] Address family not supported by protocol " +
      "without Deno's flag --unstable-net\n",
  );
});

/** What a program may do, and how. */
const FLAGS: Readonly<Record<string, string[]>> = {
  "Deno.listenDatagram": ["--unstable-net"],
  "node:dgram": [],
};

for (const [way, flags] of Object.entries(FLAGS)) {
  Deno.test(`DatagramEndpoint by ${way} names the grant that is missing`, async () => {
    const code = `
      const sock = new socket.Socket(socket.AF_INET, socket.SOCK_DGRAM);
      const calls = [
        () => sock.bind(["127.0.0.2", 0]),
        () => sock.sendto(new Uint8Array(1), ["127.0.0.2", 9]),
        () => sock.sendto(new Uint8Array(1), ["127.0.0.1", 9]),
      ];
      sock.bind(["127.0.0.1", 0]);
      const other = new socket.Socket(socket.AF_INET, socket.SOCK_DGRAM);
      for (const call of [() => other.bind(["127.0.0.2", 0]), ...calls.slice(1)]) {
        try {
          console.log(await call());
        } catch (error) {
          console.log(error.name, error.code, error.message);
        }
      }`;
    const { stdout } = await run(code, [
      "--allow-net=127.0.0.1",
      "--no-prompt",
      ...flags,
    ]);
    const missing = (port: string) =>
      "PermissionError EACCES [Errno 13] Requires net access to " +
      `"127.0.0.2:${port}", run again with the --allow-net flag`;
    assertEquals(stdout.trim().split("\n"), [missing("0"), missing("9"), "1"]);
  });

  const ending: Readonly<Record<string, string>> = {
    "a recv() that has timed out": "sock.settimeout(0.01);",
    "a recv() that may not wait": "sock.setblocking(false);",
  };
  const makes: Readonly<Record<string, string>> = {
    "a bound socket": "sock.bind(['127.0.0.1', 0]);",
    "an unbound socket": "",
    "a connected socket": "await sock.connect(['127.0.0.1', 9]);",
  };
  for (const [state, setUp] of Object.entries(makes)) {
    for (const [call, limit] of Object.entries(ending)) {
      Deno.test(`A program by ${way} ends after ${call} on ${state}`, async () => {
        const code = `
          const sock = new socket.Socket(socket.AF_INET, socket.SOCK_DGRAM);
          ${setUp}
          ${limit}
          for (let i = 0; i < 2; i++) {
            await sock.recv(1).catch((error) => console.log(error.name));
          }`;
        const ended = await run(code, ["--allow-net", ...flags]);
        const name = limit.includes("0.01")
          ? "TimeoutError"
          : "BlockingIOError";
        assertEquals(ended, {
          code: 0,
          stdout: `${name}\n${name}\n`,
          stderr: "",
        });
      });
    }
  }

  Deno.test(`A program by ${way} waits for a datagram, and ends after it`, async () => {
    const code = `
      const sock = new socket.Socket(socket.AF_INET, socket.SOCK_DGRAM);
      sock.bind(["127.0.0.1", 0]);
      sock.settimeout(0.01);
      await sock.recv(1).catch(() => {});
      sock.settimeout(null);
      const later = setTimeout(() => sock.sendto(new Uint8Array(3), sock.getsockname()), 50);
      Deno.unrefTimer(later);
      console.log((await sock.recv(9)).length);`;
    const ended = await run(code, ["--allow-net", ...flags]);
    assertEquals(ended, { code: 0, stdout: "3\n", stderr: "" });
  });
}

testUnless(
  NO_UNIX,
  "A program ends after a recv() of Unix datagrams that has timed out",
  async () => {
    await using folder = await unixPath();
    const code = `
    const sock = new socket.Socket(socket.AF_UNIX, socket.SOCK_DGRAM);
    const other = new socket.Socket(socket.AF_UNIX, socket.SOCK_DGRAM);
    sock.bind(${JSON.stringify(folder.path)});
    for (const each of [sock, other]) {
      each.settimeout(0.01);
      await each.recv(1).catch((error) => console.log(error.name));
    }
    await other.sendto(new Uint8Array(3), ${JSON.stringify(folder.path)});
    console.log((await sock.recv(9)).length);
    await sock.recv(9).catch((error) => console.log(error.name));`;
    const ended = await run(code, ["--allow-all", "--unstable-net"]);
    assertEquals(ended, {
      code: 0,
      stdout: "TimeoutError\nTimeoutError\n3\nTimeoutError\n",
      stderr: "",
    });
  },
);
