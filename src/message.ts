/**
 * `sendmsg` and `recvmsg`: several buffers, an address, flags and ancillary data
 * in one call.
 *
 * | `struct msghdr`  | Linux       | macOS       |
 * | ---------------- | ----------- | ----------- |
 * | `msg_name`       | 0, pointer  | 0, pointer  |
 * | `msg_namelen`    | 8, 4 bytes  | 8, 4 bytes  |
 * | `msg_iov`        | 16, pointer | 16, pointer |
 * | `msg_iovlen`     | 24, 8 bytes | 24, 4 bytes |
 * | `msg_control`    | 32, pointer | 32, pointer |
 * | `msg_controllen` | 40, 8 bytes | 40, 4 bytes |
 * | `msg_flags`      | 48, 4 bytes | 44, 4 bytes |
 *
 * Each `struct iovec` is a pointer and a length of 8 bytes.
 *
 * @module
 */

import { packAncillary, parseAncillary } from "./ancillary.ts";
import type { AncillaryItem } from "./buffers.ts";
import type { Bytes } from "./connection.ts";
import { MSG_DONTWAIT } from "./constants.ts";
import { check, type Libc } from "./libc.ts";
import { parseSockaddr, SOCKADDR_MAX, type SocketAddress } from "./sockaddr.ts";

/** What `recvmsg` has received, but for the data. */
export interface Received {
  readonly count: number;
  readonly ancillary: AncillaryItem[];
  /** `MSG_TRUNC`, `MSG_CTRUNC` and others. */
  readonly flags: number;
  /** The sender, or `null` if the system does not say. */
  readonly address: SocketAddress | null;
}

const HEADER_SIZE = 56;
const NAME = HEADER_SIZE;
const VECTORS = HEADER_SIZE + SOCKADDR_MAX;
const VECTOR_SIZE = 16;

const NAME_LENGTH = 8;
const CONTROL_LENGTH = 40;
const FLAGS = Deno.build.os === "darwin" ? 44 : 48;

/** A header, and in the same memory all that it points to but the buffers. */
class Header {
  readonly bytes: Bytes;
  readonly view: DataView;
  readonly #control: number;

  constructor(
    buffers: readonly Bytes[],
    nameLength: number,
    controlLength: number,
  ) {
    this.#control = VECTORS + VECTOR_SIZE * buffers.length;
    this.bytes = new Uint8Array(this.#control + controlLength);
    this.view = new DataView(this.bytes.buffer);
    const base = locate(this.bytes);
    if (nameLength > 0) this.#setPointer(0, base + BigInt(NAME));
    this.view.setUint32(NAME_LENGTH, nameLength, true);
    this.#setPointer(16, base + BigInt(VECTORS));
    // On macOS, the upper half of these two lengths is padding or flags.
    this.view.setUint32(24, buffers.length, true);
    if (controlLength > 0) this.#setPointer(32, base + BigInt(this.#control));
    this.view.setUint32(CONTROL_LENGTH, controlLength, true);
    for (const [i, buffer] of buffers.entries()) {
      const vector = VECTORS + VECTOR_SIZE * i;
      this.#setPointer(vector, locate(buffer));
      this.#setPointer(vector + 8, BigInt(buffer.length));
    }
  }

  #setPointer(offset: number, value: bigint): void {
    this.view.setBigUint64(offset, value, true);
  }

  get name(): Bytes {
    const length = this.view.getUint32(NAME_LENGTH, true);
    return this.bytes.subarray(NAME, NAME + Math.min(length, SOCKADDR_MAX));
  }

  get control(): Bytes {
    const length = this.view.getUint32(CONTROL_LENGTH, true);
    return this.bytes.subarray(this.#control, this.#control + length);
  }

  get flags(): number {
    return this.view.getInt32(FLAGS, true);
  }
}

/** What the system may touch just now, since a pointer alone keeps no array. */
const lent = new Set<readonly Bytes[]>();

function lend<T>(buffers: readonly Bytes[], call: () => T): T {
  lent.add(buffers);
  try {
    return call();
  } finally {
    lent.delete(buffers);
  }
}

/** Where an array is. */
function locate(array: Bytes): bigint {
  if (array.length === 0) return 0n;
  // Small arrays lie where V8 moves things about, until asked for their buffer.
  const { buffer, byteOffset } = array;
  const pointer = Deno.UnsafePointer.of(new Uint8Array(buffer, byteOffset));
  return Deno.UnsafePointer.value(pointer);
}

/** Receives without waiting, into arrays one after the other. */
export function receiveMessage(
  libc: Libc,
  fd: number,
  buffers: readonly Bytes[],
  ancillarySize: number,
  flags: number,
): Received {
  const header = new Header(buffers, SOCKADDR_MAX, ancillarySize);
  const result = lend(
    buffers,
    () => libc.recvmsg(fd, header.bytes, flags | MSG_DONTWAIT),
  );
  const count = check(libc, result);
  return {
    count,
    ancillary: parseAncillary(header.control),
    flags: header.flags,
    address: parseSockaddr(header.name),
  };
}

/** Sends without waiting, and says how many bytes the system has taken. */
export function sendMessage(
  libc: Libc,
  fd: number,
  buffers: readonly Bytes[],
  ancillary: readonly AncillaryItem[],
  flags: number,
  sockaddr: Uint8Array | null,
): number {
  const control = packAncillary(ancillary);
  const header = new Header(buffers, sockaddr?.length ?? 0, control.length);
  if (sockaddr !== null) header.name.set(sockaddr);
  header.control.set(control);
  const result = lend(
    buffers,
    () => libc.sendmsg(fd, header.bytes, flags | MSG_DONTWAIT),
  );
  return check(libc, result);
}
