/**
 * Runs the calls of `_select_scripts.ts` on this package, as
 * `peers/select_rows.py` does on CPython.
 */

import { OSError, Socket } from "../mod.ts";
import * as select from "../src/select.ts";
import * as selectors from "../src/selectors.ts";
import { bytes, inTime } from "./_outcome.ts";
import { connected, end, listening } from "./_pairs.ts";
import type { Value } from "./_scripts.ts";
import type { SelectScript } from "./_select_scripts.ts";

type Named = ReadonlyMap<string, Socket>;

/** What each call of a script comes to. */
export async function run(script: SelectScript): Promise<Value[]> {
  const [idle, news] = await Promise.all([connected(), connected()]);
  await news.conn.send(bytes("news"));
  const closed = new Socket();
  await end(closed);
  const named: Named = new Map([
    ["idle", idle.client],
    ["news", news.client],
    ["fresh", new Socket()],
    ["listening", listening()],
    ["closed", closed],
    ["_", idle.conn],
    ["__", news.conn],
  ]);
  const modules: Record<string, unknown> = { select, ...selectors };
  const found = modules[script.target];
  const target = typeof found === "function"
    ? new (found as new () => object)()
    : found;
  const outcomes: Value[] = [];
  for (const [method, args] of script.calls) {
    const call = async () => {
      const sock = named.get(String(args[0]));
      if (method === "close_socket" && sock !== undefined) return end(sock);
      const given = args.map((each) => decode(each, named));
      const methods = target as Record<string, (...args: unknown[]) => unknown>;
      return await methods[method]!(...given);
    };
    outcomes.push(await inTime(outcomeOf(call, named)));
  }
  if (target !== select) (target as Disposable)[Symbol.dispose]();
  for (const sock of named.values()) await end(sock);
  return outcomes;
}

function decode(value: Value, named: Named): unknown {
  if (Array.isArray(value)) return value.map((each) => decode(each, named));
  if (typeof value !== "object" || value === null) return value;
  const [entry] = Object.entries(value as Record<string, Value>);
  if (entry === undefined) return value;
  const [kind, content] = entry;
  switch (kind) {
    case "sock":
      return named.get(content as string);
    case "has":
      return { socket: named.get(content as string) };
    case "says":
      return { fileno: () => decode(content, named) };
    case "int":
      return BigInt(content as string);
    case "float":
      return Number(String(content).replace("inf", "Infinity"));
    case "bytes":
      return Uint8Array.from(content as number[]);
  }
  throw new Error(kind);
}

function encode(value: unknown, named: Named): Value {
  for (const [name, sock] of named) if (value === sock) return { sock: name };
  if (value === undefined) return null;
  if (value instanceof selectors.SelectorKey) {
    const { fileobj, events, data } = value;
    return [encode(fileobj, named), events, encode(data, named)];
  }
  if (Array.isArray(value)) return value.map((each) => encode(each, named));
  if (typeof value === "object" && value !== null) {
    return "values" in value
      ? encode([...(value as Map<unknown, unknown>).values()], named)
      : "object";
  }
  return value as Value;
}

async function outcomeOf(
  call: () => unknown,
  named: Named,
): Promise<Value> {
  try {
    return encode(await call(), named);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const errno = error instanceof OSError ? error.errno : null;
    const message = error.message.replaceAll(/', \d{4,5}/g, "', PORT")
      .replaceAll("[object Object]", "OBJECT");
    return { error: error.name, errno, message };
  }
}
