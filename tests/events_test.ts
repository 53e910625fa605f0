/** What a subscriber of `pysocket.call` sees. */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  type CallEvent,
  create_connection,
  create_server,
  OSError,
  socket,
  TimeoutError,
} from "../mod.ts";
import { bytes } from "./_outcome.ts";

/** The events of what `run` does. */
async function eventsOf(run: () => unknown): Promise<CallEvent[]> {
  const events: CallEvent[] = [];
  const listen = (event: unknown) => events.push(event as CallEvent);
  subscribe("pysocket.call", listen);
  try {
    await run();
  } finally {
    unsubscribe("pysocket.call", listen);
  }
  return events;
}

Deno.test("a call that waits is told when it begins and when it ends", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  using client = await create_connection(listener.getsockname());
  const [conn] = await listener.accept();
  const events = await eventsOf(async () => {
    await Promise.all([conn.recv(1024), client.sendall(bytes("hello"))]);
  });
  conn.close();

  const [recv, sendall] = ["recv", "sendall"].map((call) =>
    events.filter((event) => event.call === call)
  );
  assertEquals(recv?.map(({ phase }) => phase), ["start", "end"]);
  assertEquals(sendall?.map(({ phase }) => phase), ["start", "end"]);
  const [start, end] = recv!;
  assertEquals(start!.id, end!.id);
  assert(start!.id !== sendall![0]!.id);
  assertEquals(start!.args, ["1024"]);
  assert(start!.socket === conn);
  assert(end!.time >= start!.time);
  assertEquals([end!.bytes, end!.first], [5, bytes("hello")]);
  assertEquals([start!.bytes, start!.result], [undefined, undefined]);
  assertEquals(sendall![0]!.args, ["b'hello' (5 bytes)"]);
  assertEquals([sendall![1]!.bytes, sendall![1]!.first], [5, bytes("hello")]);
});

Deno.test("only the first bytes are shown, and what was filled", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  using client = await create_connection(listener.getsockname());
  const [conn] = await listener.accept();
  const data = bytes("0123456789abcdefghij");
  const events = await eventsOf(async () => {
    await client.send(data);
    await conn.recv_into(new Uint8Array(3));
    await conn.recvfrom(100);
  });
  conn.close();
  const ends = events.filter(({ phase }) => phase === "end");
  assertEquals(ends.map(({ call, bytes, first }) => [call, bytes, first]), [
    ["send", 20, data.slice(0, 16)],
    ["recv_into", 3, data.slice(0, 3)],
    ["recvfrom", 17, data.slice(3, 19)],
  ]);
});

Deno.test("an error ends a call, whether it is thrown or rejects", async () => {
  using sock = socket();
  sock.bind(["127.0.0.1", 0]);
  sock.listen();
  sock.settimeout(0.001);
  const events = await eventsOf(async () => {
    await sock.accept().catch(() => {});
    try {
      sock.bind(["127.0.0.1", 0]);
    } catch {
      // The event tells.
    }
  });
  const errors = events.filter(({ phase }) => phase === "end")
    .map(({ error }) => error);
  assertInstanceOf(errors[0], TimeoutError);
  assertInstanceOf(errors[1], OSError);
  assertEquals(errors.length, 2);
});

Deno.test("a failure that only an event tells is still the caller's", async () => {
  using sock = socket();
  let raised: unknown;
  const [, end] = await eventsOf(async () => {
    await sock.recv(1).catch((error) => raised = error);
  });
  assert(end!.error === raised);
});

Deno.test("nobody is told after unsubscribing", async () => {
  const events = await eventsOf(() => {});
  socket().close();
  assertEquals(events, []);
});
