/** What has been read and not been received, and the room that it takes. */

import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { Unread } from "../src/unread.ts";

const SMALL = 100;

/** Puts numbers into a large room, from 0 up. */
function fillLargeRoom(unread: Unread, count: number): Uint8Array {
  const room = unread.makeLargeRoom();
  room.set(Uint8Array.from({ length: count }, (_, i) => i));
  unread.add(count);
  return room;
}

Deno.test("a large room is another's when nothing is left in it", () => {
  const [one, other] = [new Unread(), new Unread()];
  const small = one.makeRoom(SMALL);
  const room = fillLargeRoom(one, 3);
  assertEquals(one.take(2, false), Uint8Array.of(0, 1));
  assertNotStrictEquals(other.makeLargeRoom(), room);
  other.freeLargeRoom();
  assertEquals(one.take(2, false), Uint8Array.of(2));
  assertEquals(one.makeRoom(SMALL), small);
  assertEquals(other.makeLargeRoom().buffer, room.buffer);
  other.freeLargeRoom();
});

Deno.test("a large room in which a read is under way stays", () => {
  const [one, other] = [new Unread(), new Unread()];
  const room = fillLargeRoom(one, 3);
  const behind = one.makeRoomBehind(10, SMALL);
  assertEquals(one.take(3, false), Uint8Array.of(0, 1, 2));
  assertNotStrictEquals(other.makeLargeRoom().buffer, room.buffer);
  behind.set([3, 4]);
  one.add(2);
  assertEquals(one.take(9, false), Uint8Array.of(3, 4));
  other.freeLargeRoom();
});

Deno.test("takeInto() empties a large room, and a look does not", () => {
  const unread = new Unread();
  fillLargeRoom(unread, 3);
  const target = new Uint8Array(3);
  assertEquals(unread.takeInto(target, true), 3);
  assertEquals(unread.takeInto(target, false), 3);
  assertEquals(target, Uint8Array.of(0, 1, 2));
  assertEquals(unread.makeRoom(SMALL).length, SMALL);
});
