/** Runs the calls of `_scripts.ts` on this package, as `peers/rows.py` does on CPython. */

import * as socket from "../mod.ts";
import type { Script, Value } from "./_scripts.ts";
import { bytes, inTime } from "./_outcome.ts";
import { connected, end, listening, refusing, unixPath } from "./_pairs.ts";

type Cleanup = () => Promise<void>;

/** What each call of a script comes to. */
export async function run(script: Script): Promise<Value[]> {
  const { family, state, timeout, calls } = script;
  await using folder = await unixPath();
  const cleanups: Cleanup[] = [];
  let target: unknown = socket;
  let paths = 0;
  const world: World = {
    family,
    folder: folder.path,
    freshPath: () => folder.path + paths++,
    keep: (cleanup) => cleanups.push(cleanup),
  };
  if (state !== "module") {
    const sock = await inState(state, world);
    world.keep(() => end(sock));
    if (timeout !== null && !["closed", "detached"].includes(state)) {
      sock.settimeout(timeout);
    }
    target = sock;
  }
  const outcomes: Value[] = [];
  for (const [method, args] of calls) {
    outcomes.push(await inTime(outcomeOf(target, method, args, world)));
  }
  for (const cleanup of cleanups.reverse()) await inTime(cleanup());
  return outcomes;
}

interface World {
  readonly family: number;
  readonly folder: string;
  readonly freshPath: () => string;
  readonly keep: (cleanup: Cleanup) => void;
}

async function inState(state: string, world: World): Promise<socket.Socket> {
  const { family } = world;
  const sock = new socket.Socket(family);
  switch (state) {
    case "new":
      return sock;
    case "bound":
      sock.bind(anyAddress(world));
      return sock;
    case "listening":
      sock.bind(anyAddress(world));
      sock.listen();
      return sock;
    case "refused":
      await sock.connect_ex(await refusedAddress(world));
      return sock;
    case "closed":
      await end(sock);
      return sock;
    case "detached": {
      const descriptor = sock.detach();
      if (descriptor !== -1) await descriptor.close();
      return sock;
    }
  }
  await end(sock);
  const pair = await connected(family);
  world.keep(() => end(pair.conn));
  if (state !== "idle") {
    await pair.conn.sendall(bytes("hello"));
  }
  if (state === "ended") await pair.conn.shutdown(socket.SHUT_WR);
  const how = ["shut_rd", "shut_wr", "shut_rdwr"].indexOf(state);
  if (how >= 0) await pair.client.shutdown(how);
  return pair.client;
}

function anyAddress(world: World): socket.AddressLike {
  if (world.family === socket.AF_UNIX) return world.freshPath();
  return [world.family === socket.AF_INET6 ? "::1" : "127.0.0.1", 0];
}

async function refusedAddress(world: World): Promise<socket.AddressLike> {
  if (world.family !== socket.AF_UNIX) return await refusing(world.family);
  const path = world.freshPath();
  await using _ = socket.create_server(path, { family: socket.AF_UNIX });
  return path;
}

async function decode(value: Value, world: World): Promise<unknown> {
  if (Array.isArray(value)) {
    return await Promise.all(value.map((each) => decode(each, world)));
  }
  if (typeof value !== "object" || value === null) return value;
  const [entry] = Object.entries(value as Record<string, Value>);
  if (entry === undefined) return value;
  const [kind, content] = entry;
  switch (kind) {
    case "int":
      return BigInt(content as string);
    case "float":
      return Number(String(content).replace("inf", "Infinity"));
    case "bytes":
      return Uint8Array.from(content as number[]);
    case "bytearray":
      return new Uint8Array(content as number);
    case "list":
    case "options":
      return content;
  }
  if (content === "any") return anyAddress(world);
  if (content === "refused") return await refusedAddress(world);
  const listener = world.family === socket.AF_UNIX
    ? socket.create_server(world.freshPath(), { family: world.family })
    : listening(world.family);
  world.keep(() => end(listener));
  return listener.getsockname();
}

function encode(value: unknown): Value {
  if (value === undefined) return null;
  if (value instanceof socket.Socket) return "socket";
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) {
    return value.map((each) => each > 1024 ? "PORT" : encode(each));
  }
  if (typeof value === "string" && value.startsWith("/")) return "PATH";
  return value as Value;
}

async function outcomeOf(
  target: unknown,
  method: string,
  args: readonly Value[],
  world: World,
): Promise<Value> {
  try {
    const given = await Promise.all(args.map((each) => decode(each, world)));
    const methods = target as Record<string, (...args: unknown[]) => unknown>;
    const value = await methods[method]!(...given);
    if (method === "detach" && value !== -1) {
      await (value as socket.Descriptor).close();
      return "descriptor";
    }
    for (const each of [value].flat()) {
      if (each instanceof socket.Socket) await end(each);
    }
    return encode(value);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const errno = error instanceof socket.OSError ? error.errno : null;
    const message = error.message.replaceAll(world.folder.slice(0, -2), "PATH")
      .replaceAll(/', \d{4,5}/g, "', PORT");
    return { error: error.name, errno, message };
  }
}
