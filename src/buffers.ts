/**
 * The arguments of `sendmsg` and `recvmsg_into`: lists of arrays, and ancillary
 * data, checked as CPython checks them.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import { asBytes, parseInt32, typeName, viewOf } from "./python.ts";

/** One item of ancillary data: level, type and bytes, as in Python. */
export type AncillaryItem = [
  level: number,
  type: number,
  data: Uint8Array<ArrayBuffer>,
];

/** What an iterable holds, whatever that is. */
export function asList(value: unknown, argument: string): unknown[] {
  if (isIterable(value)) return [...value];
  throw new TypeError(`${argument} must be an iterable`);
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return Symbol.iterator in Object(value);
}

/** One array that `recvmsg_into` fills. */
export function asWritableSegment(value: unknown): Bytes {
  const bytes = viewOf(value);
  if (bytes !== undefined) return bytes;
  throw new TypeError(
    "recvmsg_into() argument 1 must be an iterable of single-segment " +
      "read-write buffers",
  );
}

/** An item `[level, type, bytes]`. */
export function parseAncillaryItem(value: unknown): AncillaryItem {
  const name = "[sendmsg() ancillary data items]() argument must be";
  // In Python a string is a sequence too.
  const items = typeof value === "string" ? [...value] : value;
  if (!Array.isArray(items)) {
    throw new TypeError(`${name} 3-item sequence, not ${typeName(value)}`);
  }
  if (items.length !== 3) {
    throw new TypeError(
      `${name} sequence of length 3, not ${items.length}`,
    );
  }
  const [level, type, data] = items;
  return [parseInt32(level), parseInt32(type), asBytes(data)];
}

/** The bytes of all arrays in one; that of a single array is not copied. */
export function gather(pieces: readonly Bytes[]): Bytes {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const whole = new Uint8Array(size);
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.length;
  }
  return whole;
}

/** Fills arrays one after the other. */
export function scatter(data: Bytes, targets: readonly Bytes[]): void {
  let start = 0;
  for (const target of targets) {
    target.set(data.subarray(start, start + target.length));
    start += target.length;
  }
}
