/**
 * What stands for Python's file descriptor: a share in a socket of the system,
 * which is closed when its last share is. Where the descriptor tier is granted
 * it has a number as well, which is one of its own: a duplicate of Deno's, that
 * stays the same while Deno makes and closes sockets behind it.
 *
 * @module
 */

import { adopt } from "./adopt.ts";
import type { Bytes } from "./connection.ts";
import { SO_LINGER, SOL_SOCKET } from "./constants.ts";
import type { Endpoint } from "./endpoint.ts";
import { errno } from "./errno.ts";
import { osError, PermissionError, ValueError } from "./errors.ts";
import { claim, disclaim } from "./located.ts";
import { type Posix, posix } from "./posix.ts";
import { index } from "./python.ts";
import { StreamEndpoint } from "./stream_endpoint.ts";

/**
 * What stands for Python's file descriptor: a socket of the system without a
 * {@linkcode Socket}. `Socket.detach()` gives one, and the constructor of
 * `Socket` takes it. Deno tells no number of it; with `--allow-ffi` the C library
 * does.
 */
export interface Descriptor {
  /** The address family of the socket behind it. */
  readonly family: number;
  /** The type of the socket behind it. */
  readonly type: number;
  /** The protocol of the socket behind it. */
  readonly proto: number;
  /** Its number in this process, as `Socket.fileno()` tells it. */
  fileno(): number;
  /** Closes the socket; the promise settles when its port is free. */
  close(): Promise<void>;
}

/** The descriptors whose numbers are known. */
const byNumber = new Map<number, OpenDescriptor>();

/** A descriptor as the rooms of this package see it. */
export class OpenDescriptor implements Descriptor {
  /** The socket behind it; after `close` one that answers EBADF to all. */
  endpoint: Endpoint;
  readonly #share: Share;
  #number: number | undefined;
  #closed: Promise<void> | undefined;

  /** The first descriptor of an endpoint, or one more that shares it. */
  constructor(endpoint: Endpoint, share: Share = new Share(endpoint)) {
    this.endpoint = endpoint;
    this.#share = share;
    share.count++;
  }

  /** The descriptor of an endpoint that has a number already. */
  static numbered(endpoint: Endpoint, number: number): OpenDescriptor {
    const descriptor = new OpenDescriptor(endpoint);
    descriptor.#number = number;
    descriptor.#share.add(number);
    byNumber.set(number, descriptor);
    return descriptor;
  }

  get family(): number {
    return this.endpoint.family;
  }

  get type(): number {
    return this.endpoint.type;
  }

  get proto(): number {
    return this.endpoint.proto;
  }

  /** Whether it has been closed. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Its number, if somebody has asked for it already; −1 if it is closed. */
  get number(): number | undefined {
    return this.isClosed ? -1 : this.#number;
  }

  fileno(): number {
    if (this.isClosed) return -1;
    if (this.#number === undefined) {
      this.#number = this.#share.open(grantedPosix("fileno()"));
      byNumber.set(this.#number, this);
    }
    return this.#number;
  }

  /** Whether programs that this one starts have it too. */
  get isInheritable(): boolean {
    if (this.isClosed) throw osError("EBADF");
    // Nothing that Deno opens is inherited.
    if (this.#number === undefined) return false;
    return grantedPosix("get_inheritable()").getInheritable(this.#number);
  }

  set isInheritable(isInheritable: boolean) {
    if (this.isClosed) throw osError("EBADF");
    if (!isInheritable && this.#number === undefined) return;
    const system = grantedPosix("set_inheritable()");
    system.setInheritable(this.fileno(), isInheritable);
  }

  /** Another descriptor of the same socket. */
  dup(): OpenDescriptor {
    if (this.isClosed) throw osError("EBADF");
    return new OpenDescriptor(this.endpoint, this.#share);
  }

  /** The bytes of an option that only the system knows. */
  getsockopt(level: number, name: number, length: number): Bytes {
    const system = grantedPosix("this option");
    return system.getsockopt(this.fileno(), level, name, length);
  }

  /** Sets an option that only the system knows, on every socket to come too. */
  setsockopt(level: number, name: number, value: Bytes): void {
    const system = grantedPosix("this option");
    system.setsockopt(this.fileno(), level, name, value);
    this.#share.remember({ level, name, value: value.slice() });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { endpoint } = this;
    const isLast = --this.#share.count === 0;
    this.endpoint = closedEndpoint(endpoint);
    if (this.#number !== undefined) {
      byNumber.delete(this.#number);
      this.#share.close(this.#number, isLast);
    }
    if (isLast) await endpoint.close();
  }
}

/** The descriptor that `Socket.fileno()` has told a number of. */
export function descriptorNumbered(number: number): OpenDescriptor | undefined {
  return byNumber.get(number);
}

/** The descriptor that a number, or an object for one, stands for. */
export function asDescriptor(fileno: unknown): OpenDescriptor {
  if (fileno instanceof OpenDescriptor) {
    if (fileno.isClosed) throw osError("EBADF");
    return fileno;
  }
  const number = Number(index(fileno));
  if (number < 0) throw new ValueError("negative file descriptor");
  const descriptor = byNumber.get(number);
  if (descriptor !== undefined) return descriptor;
  const system = posix();
  if (system === undefined) throw osError("EBADF");
  return adoptDescriptor(system, number);
}

/** A connection that was made elsewhere, and inherited or received. */
function adoptDescriptor(system: Posix, number: number): OpenDescriptor {
  const { family, type, proto } = system.kindOf(number);
  const owned = system.dup(number);
  try {
    const conn = adopt(system, owned);
    const endpoint = StreamEndpoint.of(conn, { family, type, proto }, owned);
    return OpenDescriptor.numbered(endpoint, number);
  } catch (error) {
    system.close(owned);
    throw error;
  }
}

/** An option of the system, and the bytes that it was given. */
interface Option {
  readonly level: number;
  readonly name: number;
  readonly value: Bytes;
}

/** Most endpoints have none of these, and share that: a set takes 200 bytes. */
const NO_OPTIONS: readonly Option[] = [];
const NO_NUMBERS: readonly number[] = [];

/** What all descriptors of one endpoint have in common. */
class Share {
  /** How many descriptors there are; the last one closes the endpoint. */
  count = 0;
  /** What the system has been told, for the sockets that are still to come. */
  #options: readonly Option[] = NO_OPTIONS;
  readonly #endpoint: Endpoint;
  #numbers: readonly number[] = NO_NUMBERS;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** A number of one's own for the endpoint's socket. */
  open(system: Posix): number {
    const number = this.#open(system);
    this.add(number);
    return number;
  }

  /** Keeps an option for sockets to come; one that is set again, only once. */
  remember(option: Option): void {
    const isOther = ({ level, name, value }: Option) =>
      level !== option.level || name !== option.name ||
      String(value) !== String(option.value);
    this.#options = [...this.#options.filter(isOther), option];
  }

  /** Takes a number that is open already. */
  add(number: number): void {
    this.#numbers = [...this.#numbers, number];
    claim(number);
  }

  #open(system: Posix): number {
    const [other] = this.#numbers;
    if (other !== undefined) return system.dup(other);
    this.#endpoint.onSystemChange = () => this.#follow(system);
    const found = this.#endpoint.locate();
    if (found !== undefined) return system.dup(found);
    const { family, type, proto } = this.#endpoint;
    return system.socket(family, type, proto);
  }

  /** Lets all numbers stand for the socket that Deno has now. */
  #follow(system: Posix): void {
    const found = this.#endpoint.locate();
    if (found !== undefined) {
      for (const { level, name, value } of this.#options) {
        system.setsockopt(found, level, name, value);
      }
      for (const number of this.#numbers) system.replace(found, number);
      return;
    }
    const { family, type, proto } = this.#endpoint;
    const fresh = system.socket(family, type, proto);
    for (const number of this.#numbers) system.replace(fresh, number);
    system.close(fresh);
  }

  /** Gives a number back; with the last one the socket is to be closed. */
  close(number: number, isLast: boolean): void {
    const system = grantedPosix("close()");
    if (isLast && lingersNot(system, number)) {
      const found = this.#endpoint.locate();
      // Deno would end its side in order before it closes the connection.
      if (found !== undefined) system.vacate(found);
    }
    this.#numbers = this.#numbers.filter((each) => each !== number);
    disclaim(number);
    system.close(number);
  }
}

/** Whether SO_LINGER says that closing drops everything and resets the peer. */
function lingersNot(system: Posix, fd: number): boolean {
  const linger = system.getsockopt(fd, SOL_SOCKET, SO_LINGER, 8);
  const [isOn, seconds] = new Int32Array(linger.buffer);
  return isOn !== 0 && seconds === 0;
}

/** The descriptor tier, or the error that names the grant. */
function grantedPosix(what: string): Posix {
  const system = posix();
  if (system !== undefined) return system;
  throw new PermissionError(
    errno.EACCES,
    `${what} needs the descriptor, run again with the --allow-ffi flag`,
  );
}

function closedEndpoint({ family, type, proto }: Endpoint): Endpoint {
  const endpoint = new StreamEndpoint(family, type, proto);
  endpoint.close();
  return endpoint;
}
