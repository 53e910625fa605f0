/**
 * What each call on a socket did, published for those who want to watch: by
 * `node:diagnostics_channel`, the standard way for a library to be watched. With
 * no subscriber a call pays for one test.
 *
 * @module
 */

import { channel } from "node:diagnostics_channel";
import { repr, viewOf } from "./python.ts";

/** How many bytes of what was sent or received an event shows. */
const FIRST_BYTES = 16;

/** How much of an argument's text an event shows. */
const LONGEST_TEXT = 60;

/**
 * The beginning or the end of a call on a socket, as the channel
 * `pysocket.call` of `node:diagnostics_channel` publishes it.
 *
 * @example Watching what a program does
 * ```ts
 * import { type CallEvent, create_server } from "@pysocket/socket";
 * import { subscribe, unsubscribe } from "node:diagnostics_channel";
 * import { assertEquals } from "@std/assert";
 *
 * const calls: string[] = [];
 * const onCall = (event: unknown) => {
 *   const { phase, call } = event as CallEvent;
 *   if (phase === "start") calls.push(call);
 * };
 * subscribe("pysocket.call", onCall);
 * create_server(["127.0.0.1", 0]).close();
 * unsubscribe("pysocket.call", onCall);
 * assertEquals(calls, ["setsockopt", "bind", "listen", "close"]);
 * ```
 */
export interface CallEvent {
  /** Whether the call begins or ends. */
  readonly phase: "start" | "end";
  /** The same number for the beginning and the end of one call. */
  readonly id: number;
  /** The socket, for `instanceof` and its other attributes. */
  readonly socket: object;
  /** The name of the method, such as `"recv"`. */
  readonly call: string;
  /** The arguments, in short, as Python would print them. */
  readonly args: readonly string[];
  /** Seconds on a clock that never goes back. */
  readonly time: number;
  /** What the call returned; only at the end. */
  readonly result?: unknown;
  /** What the call raised; only at the end. */
  readonly error?: unknown;
  /** How many bytes the call has received or sent; only at the end. */
  readonly bytes?: number;
  /** The first 16 of these bytes at most; only at the end. */
  readonly first?: Uint8Array;
}

const calls = channel("pysocket.call");
let lastId = 0;

/** Lets methods of a class tell about their calls. */
export function instrument(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
    const method: Method = descriptor.value;
    const watched = function (this: object): unknown {
      return calls.hasSubscribers
        ? tell(this, name, method, arguments)
        // deno-lint-ignore no-explicit-any -- an array would cost one a call
        : method.apply(this, arguments as any);
    };
    Object.defineProperty(watched, "name", { value: name });
    Object.defineProperty(prototype, name, { ...descriptor, value: watched });
  }
}

type Method = (...args: unknown[]) => unknown;

function tell(
  socket: object,
  call: string,
  method: Method,
  given: IArguments,
): unknown {
  const parameters: unknown[] = [...given];
  const id = ++lastId;
  const args = parameters.map(inShort);
  const publish = (phase: "start" | "end", more: Partial<CallEvent>) => {
    const time = performance.now() / 1e3;
    const event: CallEvent = { phase, id, socket, call, args, time, ...more };
    calls.publish(event);
  };
  const onResult = (result: unknown) =>
    publish("end", { result, ...transferred(call, parameters, result) });
  const onError = (error: unknown) => publish("end", { error });

  publish("start", {});
  let result: unknown;
  try {
    result = method.apply(socket, parameters);
  } catch (error) {
    onError(error);
    throw error;
  }
  if (result instanceof Promise) result.then(onResult, onError);
  else onResult(result);
  return result;
}

/** An argument as Python would print it, cut if it is long. */
function inShort(value: unknown): string {
  const bytes = viewOf(value);
  const text = bytes === undefined
    ? repr(value)
    : `${repr(bytes.subarray(0, FIRST_BYTES))} (${bytes.length} bytes)`;
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}

/** How many bytes a call has moved, and the first of them. */
function transferred(
  call: string,
  args: readonly unknown[],
  result: unknown,
): Pick<CallEvent, "bytes" | "first"> {
  const [value] = Array.isArray(result) ? result : [result];
  const isTransfer = call.startsWith("recv") || call.startsWith("send");
  if (!isTransfer) return {};
  const received = viewOf(value);
  if (received !== undefined) return shown(received, received.length);
  const bytes = viewOf(args[0]);
  if (bytes === undefined) {
    return typeof value === "number" ? { bytes: value } : {};
  }
  return shown(bytes, typeof value === "number" ? value : bytes.length);
}

function shown(
  data: Uint8Array,
  count: number,
): { bytes: number; first: Uint8Array } {
  return { bytes: count, first: data.slice(0, Math.min(count, FIRST_BYTES)) };
}
