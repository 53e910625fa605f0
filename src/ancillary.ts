/**
 * Ancillary data as the system has it: `struct cmsghdr`, one after the other.
 *
 * | field        | Linux      | macOS      |
 * | ------------ | ---------- | ---------- |
 * | `cmsg_len`   | 0, 8 bytes | 0, 4 bytes |
 * | `cmsg_level` | 8, 4 bytes | 4, 4 bytes |
 * | `cmsg_type`  | 12         | 8          |
 * | data         | 16         | 12         |
 *
 * Each begins at a multiple of 8 bytes, on macOS of 4.
 *
 * @module
 */

import type { AncillaryItem } from "./buffers.ts";
import type { Bytes } from "./connection.ts";

const isDarwin = Deno.build.os === "darwin";
const LENGTH_SIZE = isDarwin ? 4 : 8;
const HEADER_SIZE = LENGTH_SIZE + 8;

/** C's `CMSG_LEN`: the length of an item with so much data. */
export function cmsgLen(size: number): number {
  return HEADER_SIZE + size;
}

/** C's `CMSG_SPACE`: the room that it takes. */
export function cmsgSpace(size: number): number {
  return HEADER_SIZE + align(size);
}

function align(size: number): number {
  return Math.ceil(size / LENGTH_SIZE) * LENGTH_SIZE;
}

/** The bytes of all items. */
export function packAncillary(items: readonly AncillaryItem[]): Bytes {
  const size = items.reduce(
    (sum, [, , { length }]) => sum + cmsgSpace(length),
    0,
  );
  const control = new Uint8Array(size);
  const view = new DataView(control.buffer);
  let start = 0;
  for (const [level, type, data] of items) {
    // The upper half of Linux's length is always 0.
    view.setUint32(start, cmsgLen(data.length), true);
    view.setInt32(start + LENGTH_SIZE, level, true);
    view.setInt32(start + LENGTH_SIZE + 4, type, true);
    control.set(data, start + HEADER_SIZE);
    start += cmsgSpace(data.length);
  }
  return control;
}

/**
 * The items in what the system has filled. As in CPython the last one is cut
 * where the bytes end, if it says that it is longer.
 */
export function parseAncillary(control: Bytes): AncillaryItem[] {
  const items: AncillaryItem[] = [];
  const view = new DataView(control.buffer, control.byteOffset);
  let start = 0;
  while (start + HEADER_SIZE <= control.length) {
    const length = view.getUint32(start, true);
    if (length < HEADER_SIZE) break;
    items.push([
      view.getInt32(start + LENGTH_SIZE, true),
      view.getInt32(start + LENGTH_SIZE + 4, true),
      control.slice(start + HEADER_SIZE, start + length),
    ]);
    start += align(length);
  }
  return items;
}
