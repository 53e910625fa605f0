/**
 * What Python calls a file object, where it stands for a socket: from whatever
 * `select` and the selectors take to the descriptor behind it.
 *
 * @module
 */

import {
  type Descriptor,
  descriptorNumbered,
  OpenDescriptor,
} from "./descriptor.ts";
import { index } from "./python.ts";
import { descriptorOf, Socket } from "./socket.ts";

/** An object that tells a descriptor, as Python's file objects do. */
export interface HasFileno {
  /** The number of the descriptor, or what `detach()` returned. */
  fileno(): number | Descriptor;
}

/** An object that has a socket, such as a server. */
export interface HasSocket {
  /** The socket that it stands for. */
  readonly socket: Socket;
}

/**
 * What stands for a socket: the socket itself, what its `detach()` returned, an
 * object with a property `socket`, or the number that `fileno()` has told, or an
 * object with such a method.
 */
export type FileObject = Socket | Descriptor | HasSocket | HasFileno | number;

/**
 * The descriptor behind a file object; where there is none of ours, its number,
 * which is −1 for a closed socket; `undefined` for what is no file object.
 */
export function findDescriptor(
  fileobj: unknown,
): OpenDescriptor | number | bigint | undefined {
  if (fileobj instanceof Socket) return openOrClosed(descriptorOf(fileobj));
  if (fileobj instanceof OpenDescriptor) return openOrClosed(fileobj);
  if (isInteger(fileobj)) return byNumber(index(fileobj));
  if (typeof fileobj !== "object" || fileobj === null) return undefined;
  if ("socket" in fileobj && fileobj.socket instanceof Socket) {
    return findDescriptor(fileobj.socket);
  }
  if (!("fileno" in fileobj) || typeof fileobj.fileno !== "function") {
    return undefined;
  }
  const told: unknown = fileobj.fileno();
  if (told instanceof OpenDescriptor) return openOrClosed(told);
  if (isInteger(told)) return byNumber(index(told));
  throw new TypeError("fileno() returned a non-integer");
}

function byNumber(
  number: number | bigint,
): OpenDescriptor | number | bigint {
  return descriptorNumbered(Number(number)) ?? number;
}

function openOrClosed(descriptor: OpenDescriptor): OpenDescriptor | number {
  return descriptor.isClosed ? -1 : descriptor;
}

function isInteger(value: unknown): boolean {
  return Number.isInteger(value) || typeof value === "bigint" ||
    typeof value === "boolean";
}
