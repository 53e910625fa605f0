/**
 * Which types of sockets a service is for, as glibc lists them, and the port
 * that goes with each.
 *
 * @module
 */

import {
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "./constants.ts";
import { gaiError } from "./errors.ts";
import { findPort } from "./services.ts";

/**
 * A port in digits as C's `strtoul` reads them, into an `int`: `undefined` if
 * it is none, -1 if it is one that only a name could be.
 */
export function parsePort(service: string | null): number | undefined {
  if (service === null || service === "") return 0;
  const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)(\d+)$/.exec(service) ?? [];
  if (digits === undefined) return undefined;
  const most = 2n ** 64n - 1n;
  const magnitude = BigInt(digits);
  if (magnitude > most) return -1;
  const number = sign === "-" ? -magnitude : magnitude;
  const cut = Number(BigInt.asIntN(32, number));
  // A port is 16 bits of it, which a larger one overflows.
  return cut < 0 ? -1 : cut & 0xffff;
}

/** A type and a protocol to make a socket of, and the port of its address. */
export interface SocketType {
  readonly type: number;
  readonly proto: number;
  readonly port: number;
}

/** A kind of sockets, as glibc lists them. */
interface Kind {
  readonly type: number;
  /** `undefined` for any protocol. */
  readonly proto: number | undefined;
  /** The protocol's name in the list of services. */
  readonly service: string | undefined;
  /** Whether it is listed when nobody asks for it. */
  readonly isUsual: boolean;
}

/** SOCK_DCCP and IPPROTO_DCCP, which Python has no names for. */
const DCCP = { type: 6, proto: 33, service: "dccp" };

/** What is not listed unless it is asked for; other systems do not have it. */
const LINUX_KINDS: readonly Kind[] = [
  { ...DCCP, isUsual: false },
  {
    type: SOCK_DGRAM,
    proto: IPPROTO_UDPLITE,
    service: "udplite",
    isUsual: false,
  },
  { type: SOCK_STREAM, proto: IPPROTO_SCTP, service: "sctp", isUsual: false },
  {
    type: SOCK_SEQPACKET,
    proto: IPPROTO_SCTP,
    service: "sctp",
    isUsual: false,
  },
];

const KINDS: readonly Kind[] = [
  { type: SOCK_STREAM, proto: IPPROTO_TCP, service: "tcp", isUsual: true },
  { type: SOCK_DGRAM, proto: IPPROTO_UDP, service: "udp", isUsual: true },
  ...(Deno.build.os === "linux" ? LINUX_KINDS : []),
  { type: SOCK_RAW, proto: undefined, service: undefined, isUsual: true },
];

/** On which types and protocols a service is offered, and on which port. */
export async function findSocketTypes(
  service: string | null,
  number: number | undefined,
  type: number,
  proto: number,
): Promise<SocketType[]> {
  const matching = KINDS.filter((kind) =>
    (type === 0 || type === kind.type) &&
    (proto === 0 || proto === (kind.proto ?? proto))
  );
  const isAsked = type !== 0 || proto !== 0;
  const kinds = isAsked ? matching.slice(0, 1) : matching;
  const [first] = kinds;
  if (first === undefined) {
    throw gaiError(type !== 0 ? "EAI_SOCKTYPE" : "EAI_SERVICE");
  }
  const hasService = service !== null && service !== "";
  if (isAsked && hasService && first.service === undefined) {
    throw gaiError("EAI_SERVICE");
  }
  if (number !== undefined && number >= 0) {
    return kinds.filter(({ isUsual }) => isAsked || isUsual).map((kind) => ({
      type: kind.type,
      proto: kind.proto ?? proto,
      port: number,
    }));
  }
  const found: SocketType[] = [];
  for (const kind of kinds) {
    if (kind.service === undefined) continue;
    const port = await findPort(service ?? "", kind.service);
    if (port === undefined) continue;
    found.push({ type: kind.type, proto: kind.proto ?? proto, port });
  }
  if (found.length === 0) throw gaiError("EAI_SERVICE");
  return found;
}
