/**
 * Descriptors of files that both processes know by the same number. Those below
 * 500 are Python's: here they are taken, so that Deno's own begin above. Those
 * that go from one process to the other go through a socket, as everywhere.
 *
 * @module
 */

import { OSError, strerror } from "../../mod.ts";

/** The socket by which descriptors travel. */
const CONTROL = 499;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** A `struct cmsghdr` for one descriptor, with what aligns it. */
const CMSG_LEN = 20;
const CMSG_SPACE = 24;

const libc = Deno.dlopen("libc.so.6", {
  __errno_location: { parameters: [], result: "pointer" },
  close: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
}).symbols;

/** As Python's `fcntl.fcntl()`, for commands that take and return integers. */
export function fcntl(fd: number, cmd: number, arg: number = 0): number {
  return check(libc.fcntl(fd, cmd, arg));
}

/** Gives the descriptor that comes next through the control socket this number. */
export function take(number: number): void {
  const { header, control } = makeMessage();
  check(Number(libc.recvmsg(CONTROL, header, 0)));
  const received = new DataView(control.buffer).getInt32(16, true);
  check(libc.dup2(received, number));
  check(libc.close(received));
}

/** Sends a descriptor through the control socket, and closes it here. */
export function give(number: number): void {
  const { header, control } = makeMessage();
  const view = new DataView(control.buffer);
  view.setBigUint64(0, BigInt(CMSG_LEN), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  view.setInt32(16, number, true);
  check(Number(libc.sendmsg(CONTROL, header, 0)));
  check(libc.close(number));
}

/** Opens the file once more that a number stands for. */
export function open(number: number): Promise<Deno.FsFile> {
  return Deno.open(`/proc/self/fd/${number}`);
}

/** Makes a number one of no open file, as it is in Python. */
export function close(number: number): void {
  libc.close(number);
}

/** Makes a number one of some open file, so that Deno does not take it. */
export function cover(number: number): void {
  check(libc.dup2(2, number));
}

/** A `struct msghdr` of one byte and room for one descriptor. */
function makeMessage() {
  const data = new Uint8Array(1);
  const control = new Uint8Array(CMSG_SPACE);
  const addressOf = (bytes: Uint8Array<ArrayBuffer>) =>
    BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  const iovec = new BigUint64Array([addressOf(data), 1n]);
  const header = new BigUint64Array([
    0n,
    0n,
    addressOf(new Uint8Array(iovec.buffer)),
    1n,
    addressOf(control),
    BigInt(CMSG_SPACE),
    0n,
  ]);
  return { header: new Uint8Array(header.buffer), control, data, iovec };
}

function check(result: number): number {
  if (result !== -1) return result;
  const place = libc.__errno_location();
  const number = new Deno.UnsafePointerView(place!).getInt32();
  throw new OSError(number, strerror(number));
}
