/** Ancillary data as the system's bytes. */

import { assertEquals } from "@std/assert";
import {
  cmsgLen,
  cmsgSpace,
  packAncillary,
  parseAncillary,
} from "../src/ancillary.ts";
import type { AncillaryItem } from "../src/buffers.ts";

const isDarwin = Deno.build.os === "darwin";
const HEADER = isDarwin ? 12 : 16;

Deno.test("cmsgLen() and cmsgSpace() are C's CMSG_LEN and CMSG_SPACE", () => {
  const sizes = [0, 1, 4, 8, 9];
  assertEquals(sizes.map((size) => cmsgLen(size) - HEADER), sizes);
  assertEquals(
    sizes.map((size) => cmsgSpace(size) - HEADER),
    isDarwin ? [0, 4, 4, 8, 12] : [0, 8, 8, 8, 16],
  );
});

const ITEMS: AncillaryItem[] = [
  [1, 2, Uint8Array.of(1, 2, 3, 4, 5)],
  [41, -3, new Uint8Array(0)],
  [0x7fffffff, 5, Uint8Array.of(6)],
];

Deno.test("parseAncillary() returns what packAncillary() has packed", () => {
  const control = packAncillary(ITEMS);
  assertEquals(control.length, cmsgSpace(5) + cmsgSpace(0) + cmsgSpace(1));
  assertEquals(parseAncillary(control), ITEMS);
  assertEquals(parseAncillary(packAncillary([])), []);
});

Deno.test("parseAncillary() cuts the last item where the bytes end", () => {
  const control = packAncillary(ITEMS.slice(0, 1));
  for (let size = 0; size <= control.length; size++) {
    const items = parseAncillary(control.subarray(0, size));
    const data = Uint8Array.of(1, 2, 3, 4, 5).subarray(0, size - HEADER);
    assertEquals(items, size < HEADER ? [] : [[1, 2, data]]);
  }
});

Deno.test("parseAncillary() stops at an item that is shorter than its header", () => {
  const control = packAncillary(ITEMS);
  control[cmsgSpace(5)] = HEADER - 1;
  assertEquals(parseAncillary(control), ITEMS.slice(0, 1));
});
