/**
 * Finding the descriptor of a socket that Deno has opened: Deno tells its
 * addresses, and the system tells those of every descriptor.
 *
 * @module
 */

import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  SO_ACCEPTCONN,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { check, type Libc, libc } from "./libc.ts";
import { POLLIN, POLLNVAL } from "./poller.ts";
import {
  familyOf,
  isSameAddress,
  packSockaddr,
  parseSockaddr,
  SOCKADDR_MAX,
  type SocketAddress,
} from "./sockaddr.ts";

/** What is known of a socket. */
export interface Wanted {
  readonly family: number;
  readonly type: number;
  readonly local: SocketAddress;
  /** `null` if it has no peer; left out if nobody knows. */
  readonly peer?: SocketAddress | null;
  /** Whether no other socket can have the local address. */
  readonly isAlone?: boolean;
  /** Whether it listens; left out if that tells it from no other. */
  readonly isListening?: boolean;
  /** Descriptors that are known to belong to others, or to be its duplicates. */
  readonly exclude?: ReadonlySet<number>;
}

// For all calls: making small arrays takes longer than these calls.
const option = new Int32Array(1);
const size = new Uint32Array(1);
const sockaddr = new Uint8Array(SOCKADDR_MAX);

/** How many descriptors are looked at in one call. */
const BLOCK = 4096;

/**
 * A stretch with so many numbers that are not in use ends the search: the system
 * always gives out the lowest, and the limit may be a thousand million.
 */
const LONGEST_GAP = 16 * BLOCK;

/** Of getrlimit(2): how many descriptors this process may have. */
const RLIMIT_NOFILE = Deno.build.os === "darwin" ? 8 : 7;

/**
 * The descriptors that may be the socket's: none if it has been closed; several
 * if the system cannot tell them apart, such as those of Unix sockets without a
 * name and of datagram sockets that share a port.
 */
export function findDescriptors(wanted: Wanted): number[] {
  const library = libc();
  if (library === undefined) return [];
  const isCandidate = (fd: number) => isWanted(library, fd, wanted);
  if (isUnique(wanted)) {
    // One that is new has nearly always the highest number below the first that
    // is free.
    for (let fd = lowestFree(library) - 1; fd >= 0; fd--) {
      if (isCandidate(fd)) return [fd];
    }
  }
  return openDescriptors(library).filter(isCandidate);
}

/**
 * The descriptors of sockets whose addresses no others can have, as they were at
 * the last look at all of them.
 */
const seen = new Map<string, number>();

/** How many descriptors that was, … */
let looks = 0;
/** … and how many have been asked for since that were not among them. */
let unseen = 0;

/** A look at so many descriptors, 2 µs each, has to serve at least one request. */
const LOOKS_PER_REQUEST = 8;

/** Of a program that has more descriptors only the last ones are looked at. */
const MOST_LOOKS = 1024;

/**
 * The descriptor of such a socket, if it is found without much ado: one look at
 * all descriptors serves many who ask, and there is not another one soon.
 */
export function findSeen(wanted: Wanted): number | undefined {
  const library = libc();
  if (library === undefined || !isUnique(wanted)) return undefined;
  const { family, type, local, peer } = wanted;
  const addresses = Array.isArray(peer) ? [local, peer] : [local];
  const names = addresses.map((each) => keyOf(packSockaddr(family, each)));
  const key = `${type}${names.join("")}`;
  const find = () => {
    const fd = seen.get(key);
    // Meanwhile the number may belong to another socket.
    const isIt = fd !== undefined && isWanted(library, fd, wanted);
    return isIt ? fd : undefined;
  };
  const fd = find();
  if (fd !== undefined) return fd;
  if (++unseen * LOOKS_PER_REQUEST < looks) return undefined;
  const free = lowestFree(library);
  looks = Math.min(free, MOST_LOOKS);
  unseen = 0;
  seen.clear();
  // Behind the first that is free there may be more.
  for (let fd = free - looks; fd < free + looks; fd++) look(library, fd);
  return find();
}

/** Takes an Internet socket's addresses down: a stream's two, a datagram's own. */
function look(library: Libc, fd: number): void {
  const type = optionOf(library, fd, SO_TYPE);
  if (type === undefined) return;
  const name = sockaddrOf(fd, library.getsockname);
  const family = name === undefined ? AF_UNIX : familyOf(name);
  if (name === undefined || family === AF_UNIX) return;
  const key = `${type}${keyOf(name)}`;
  if (type !== SOCK_STREAM) return void seen.set(key, fd);
  const peerName = sockaddrOf(fd, library.getpeername);
  if (peerName !== undefined) seen.set(key + keyOf(peerName), fd);
}

function keyOf(sockaddr: Uint8Array): string {
  return String.fromCharCode(...sockaddr);
}

/** Whether no other socket can have the same two addresses. */
function isUnique({ family, type, peer, isAlone }: Wanted): boolean {
  if (isAlone) return true;
  const isInet = family === AF_INET || family === AF_INET6;
  return isInet && type === SOCK_STREAM && Array.isArray(peer);
}

function lowestFree(library: Libc): number {
  const fd = library.socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0) return 0; // There is none.
  library.close(fd);
  return fd;
}

/**
 * The numbers that are in use. Deno would list `/dev/fd` only for a program that
 * may read it; `poll` tells it too.
 */
function openDescriptors(library: Libc): number[] {
  const limit = descriptorLimit(library);
  // As `struct pollfd`: the descriptor, then what is wanted and has happened.
  const pollfds = new Int32Array(2 * Math.min(BLOCK, limit));
  const open: number[] = [];
  let end = 0;
  while (end < limit && end - (open.at(-1) ?? 0) < LONGEST_GAP) {
    const start = end;
    end = Math.min(start + BLOCK, limit);
    for (let fd = start, i = 0; fd < end; fd++) {
      pollfds[i++] = fd;
      pollfds[i++] = POLLIN; // macOS looks at no descriptor without.
    }
    check(library, library.poll(pollfds, BigInt(end - start), 0));
    for (let fd = start, i = 1; fd < end; fd++, i += 2) {
      const happened = (pollfds[i] ?? 0) >> 16;
      if ((happened & POLLNVAL) === 0) open.push(fd);
    }
  }
  return open;
}

function descriptorLimit(library: Libc): number {
  const limits = new BigUint64Array(2);
  const hasFailed = library.getrlimit(RLIMIT_NOFILE, limits) < 0;
  const [soft = 0n] = limits;
  return hasFailed ? BLOCK : Math.min(Number(soft), 2 ** 31 - 1);
}

function isWanted(library: Libc, fd: number, wanted: Wanted): boolean {
  const { family, local, peer } = wanted;
  if (wanted.exclude?.has(fd)) return false;
  if (optionOf(library, fd, SO_TYPE) !== wanted.type) return false;
  const { isListening } = wanted;
  if (isListening !== undefined) {
    const accepts = optionOf(library, fd, SO_ACCEPTCONN);
    if (accepts !== Number(isListening)) return false;
  }
  const name = sockaddrOf(fd, library.getsockname);
  if (name === undefined || !isAddress(name, family, local)) return false;
  if (peer === undefined) return true;
  const peerName = sockaddrOf(fd, library.getpeername);
  if (peer === null) return peerName === undefined;
  if (peerName === undefined) return false;
  return isAddress(peerName, family, peer);
}

/** Here and below a failure only says that this is not the one. */
function optionOf(
  { getsockopt }: Libc,
  fd: number,
  name: number,
): number | undefined {
  size[0] = 4;
  const result = getsockopt(fd, SOL_SOCKET, name, option, size);
  return result < 0 ? undefined : option[0];
}

function sockaddrOf(
  fd: number,
  call: Libc["getsockname"],
): Uint8Array | undefined {
  size[0] = SOCKADDR_MAX;
  return call(fd, sockaddr, size) < 0
    ? undefined
    : sockaddr.subarray(0, size[0]);
}

function isAddress(
  sockaddr: Uint8Array,
  family: number,
  address: SocketAddress,
): boolean {
  if (familyOf(sockaddr) !== family) return false;
  const actual = parseSockaddr(sockaddr);
  return actual !== null && isSameAddress(family, actual, address);
}
