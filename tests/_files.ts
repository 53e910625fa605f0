/** Runs the scripts of `_file_scripts.ts` on this package, as `peers/files.py` does on CPython. */

import {
  BlockingIOError,
  type MakefileOptions,
  OSError,
  SHUT_WR,
  type Socket,
  type SocketFile,
} from "../mod.ts";
import type { Script, Step, Value } from "./_file_scripts.ts";
import { inTime } from "./_outcome.ts";
import { concat, connected, end, fill, type Pair } from "./_pairs.ts";

/** What each step of a script comes to. */
export async function run(script: Script): Promise<Value[]> {
  const pair = await connected();
  const files = new Map<string, SocketFile>();
  const outcomes: Value[] = [];
  for (const step of script) {
    outcomes.push(await inTime(outcome(pair, files, step)));
  }
  // The peer first, or else what it has not read would be waited for.
  await end(pair.conn);
  for (const file of [...files.values()].reverse()) {
    await file.close().catch(() => {});
  }
  await end(pair.client);
  return outcomes;
}

/** Calls that a test makes by name, as JavaScript can. */
type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

async function outcome(
  pair: Pair,
  files: Map<string, SocketFile>,
  step: Step,
): Promise<Value> {
  try {
    return encode(await play(pair, files, step));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const told: Record<string, Value> = {
      error: error.name,
      message: error.message,
    };
    if (error instanceof OSError && error.errno !== null) {
      told["errno"] = error.errno;
    }
    if (error instanceof BlockingIOError) {
      told["written"] = error.characters_written ?? null;
    }
    return told;
  }
}

async function play(
  { client, conn }: Pair,
  files: Map<string, SocketFile>,
  [target, method, ...args]: Step,
): Promise<unknown> {
  if (target === "peer") return await playPeer(conn, method, args);
  if (target === "sock") {
    if (method === "fill") {
      await fill(client);
      return null;
    }
    return await (client as unknown as Methods)[method]!(...args.map(decode));
  }
  if (method === "=") {
    const [mode, options = {}] = args;
    const file = client.makefile(mode as string, options as MakefileOptions);
    files.set(target, file);
    return file;
  }
  const file = files.get(target)!;
  switch (method) {
    case "list":
      return await Array.fromAsync<unknown>(file);
    case "next": {
      const { value, done } = await file.next();
      return done ? "StopIteration" : value;
    }
    case "iter":
      file[Symbol.asyncIterator]();
      return null;
    case "repr":
      return String(file);
  }
  if (method.startsWith(".")) {
    return (file as unknown as Record<string, unknown>)[method.slice(1)];
  }
  const given = args.map(decode);
  const value = await (file as unknown as Methods)[method]!(...given);
  // Nobody else closes what has been taken out; in Python it closes itself.
  if (method === "detach") files.set(`${target}.detach`, value as SocketFile);
  return method.startsWith("readinto") ? [value, ...given] : value;
}

async function playPeer(
  peer: Socket,
  method: string,
  [data]: readonly Value[],
): Promise<unknown> {
  if (method === "send") return await peer.sendall(latin1(data as string));
  if (method === "end") return await peer.shutdown(SHUT_WR);
  return await take(peer);
}

async function take(peer: Socket): Promise<Uint8Array> {
  peer.setblocking(false);
  const pieces: Uint8Array[] = [];
  try {
    while (true) {
      const piece = await peer.recv(65536);
      if (piece.length === 0) break;
      pieces.push(piece);
    }
  } catch (error) {
    if (!(error instanceof BlockingIOError)) throw error;
  }
  peer.setblocking(true);
  return concat(pieces);
}

function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}

function decode(value: Value): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const { bytes, room } = value as { bytes?: string; room?: number };
  if (bytes !== undefined) return latin1(bytes);
  return room === undefined ? value : new Uint8Array(room);
}

function encode(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) {
    return { bytes: Array.from(value, (b) => String.fromCharCode(b)).join("") };
  }
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === "object") return value.constructor.name;
  return value as Value;
}
