/**
 * UDP by way of `Deno.listenDatagram`, which is there with Deno's flag
 * `--unstable-net`.
 *
 * @module
 */

import { formatInet, type InetAddress } from "./address.ts";
import type { Bytes } from "./connection.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";
import type {
  Arrival,
  ChangeableOption,
  DatagramConn,
  DatagramOptions,
  Link,
} from "./datagram_conn.ts";
import { osError } from "./errors.ts";
import type { HostPort } from "./resolve.ts";
import { type Finder, Shortcut } from "./shortcut.ts";
import { packSockaddr, parseSockaddr, SOCKADDR_MAX } from "./sockaddr.ts";

/** Membership in a group, which is also where Deno keeps some settings. */
interface Membership {
  leave(): Promise<void>;
  setLoopback(isOn: boolean): Promise<void>;
  /** Not for IPv6. */
  setTTL?(ttl: number): Promise<void>;
}

/** The part of `Deno.DatagramConn`, unstable as its types are, that is needed. */
export interface NativeDatagramConn {
  readonly addr: Deno.Addr;
  receive(target: Uint8Array): Promise<[Uint8Array, Deno.Addr]>;
  send(data: Uint8Array, remote: Deno.Addr): Promise<number>;
  joinMulticastV4(group: string, address: string): Promise<Membership>;
  joinMulticastV6(group: string, index: number): Promise<Membership>;
  close(): void;
  ref(): void;
  unref(): void;
}

/** What `Deno.listenDatagram` takes. */
type ListenOptions =
  | (HostPort & {
    readonly transport: "udp";
    readonly reuseAddress: boolean;
    readonly loopback: boolean;
  })
  | { readonly transport: "unixpacket"; readonly path: string };

/** `Deno.listenDatagram`, if this program has it. */
export const listenDatagram:
  | ((options: ListenOptions) => NativeDatagramConn)
  | undefined = (Deno as unknown as {
    readonly listenDatagram?: (options: ListenOptions) => NativeDatagramConn;
  }).listenDatagram;

/** Whether Deno can have a socket with these settings. */
export function canOpenByDeno({ v6only, ttl }: DatagramOptions): boolean {
  return listenDatagram !== undefined && !v6only && ttl === 64;
}

/** Groups that nobody sends to, to reach the settings of a socket by. */
const SCRATCH_GROUP_V4 = "239.255.255.255";
const SCRATCH_GROUP_V6 = "ff01::7079";
/** The loopback interface, wherever Deno runs. */
const LOOPBACK_INDEX = 1;

/**
 * Who has sent the datagram that was received last, in the system's form and in
 * Deno's: mostly it is the same one again.
 */
class Sender {
  readonly sockaddr: Bytes = new Uint8Array(SOCKADDR_MAX);
  readonly #known: Bytes = new Uint8Array(SOCKADDR_MAX);
  #address: Deno.NetAddr = { transport: "udp", hostname: "", port: 0 };

  get address(): Deno.NetAddr {
    const { sockaddr } = this;
    for (let i = 0; i < SIGNIFICANT; i++) {
      if (sockaddr[i] === this.#known[i]) continue;
      this.#known.set(sockaddr);
      const [hostname, port] = parseSockaddr(sockaddr) as InetAddress;
      this.#address = { transport: "udp", hostname, port };
      break;
    }
    return this.#address;
  }
}

/** So many bytes of an address tell it from others: up to the host of IPv6. */
const SIGNIFICANT = 24;

const sender = new Sender();

/** A socket of Deno's. */
export class DenoDatagramConn implements DatagramConn {
  readonly local: HostPort;
  readonly isWritable = true;
  readonly tellsErrors = true;
  onWritable: (() => void) | undefined;
  readonly #conn: NativeDatagramConn;
  readonly #isV6: boolean;
  #receiving: Promise<Arrival> | undefined;
  readonly #memberships = new Map<string, Promise<Membership>>();
  /** What is still to be done before the next send. */
  #changing: Promise<void> | undefined;
  readonly #shortcut: Shortcut;
  /** The peer that was sent to last, and its address as the system has it. */
  #target: Deno.NetAddr | undefined;
  #targetSockaddr: Bytes | undefined;

  /** Binds. */
  constructor(address: HostPort, options: DatagramOptions, finder?: Finder) {
    this.#shortcut = new Shortcut(finder);
    this.#conn = listenDatagram!({
      transport: "udp",
      ...address,
      reuseAddress: options.reuseAddress || options.reusePort,
      loopback: options.multicastLoop,
    });
    const { hostname, port } = this.#conn.addr as Deno.NetAddr;
    this.local = { hostname, port };
    this.#isV6 = hostname.includes(":");
    const { multicastTtl } = options;
    if (multicastTtl !== 1) this.set("multicastTtl", multicastTtl);
  }

  receiveAtOnce(target: Bytes): Arrival | undefined {
    if (!this.#shortcut.isPromising(0)) return undefined;
    const count = this.#shortcut.receive(target, sender.sockaddr);
    if (count < 0) return undefined;
    return [target.subarray(0, count), sender.address];
  }

  receive(target: Bytes): Promise<Arrival> {
    return this.#receiving = this.#conn.receive(target);
  }

  send(data: Bytes, remote: Deno.Addr): Promise<number> {
    if (this.#changing !== undefined) {
      return this.#changing.then(() => this.send(data, remote));
    }
    try {
      const count = this.#sendAtOnce(data, remote as Deno.NetAddr);
      return count < 0 ? this.#conn.send(data, remote) : Promise.resolve(count);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends if there is room; -1 leaves it to Deno. */
  #sendAtOnce(data: Bytes, remote: Deno.NetAddr): number {
    if (!this.#shortcut.isOpenFor(data.length)) return -1;
    const { hostname, port } = remote;
    // Of networks by name only Deno knows the number.
    if (hostname.includes("%")) return -1;
    const last = this.#target;
    if (last?.hostname !== hostname || last.port !== port) {
      const family = this.#isV6 ? AF_INET6 : AF_INET;
      this.#targetSockaddr = packSockaddr(
        family,
        formatInet(family, hostname, port),
      );
      this.#target = remote;
    }
    return this.#shortcut.send(data, this.#targetSockaddr);
  }

  /** Deno lets every socket send to everybody: that is for others to refuse. */
  set<K extends ChangeableOption>(name: K, value: DatagramOptions[K]): void {
    if (name === "broadcast") return;
    if (name === "multicastLoop") {
      return this.#change((membership) => membership.setLoopback(!!value));
    }
    if (name === "ttl" || this.#isV6) throw osError("ENOPROTOOPT");
    this.#change(async (membership) => {
      await membership.setTTL?.(Number(value));
    });
  }

  /** Deno sets these through a membership, which takes a moment to get. */
  #change(how: (membership: Membership) => Promise<void>): void {
    const change = async () => {
      const membership =
        await (this.#isV6
          ? this.#conn.joinMulticastV6(SCRATCH_GROUP_V6, LOOPBACK_INDEX)
          : this.#conn.joinMulticastV4(SCRATCH_GROUP_V4, "127.0.0.1"));
      await how(membership);
      await membership.leave();
    };
    this.#await(this.#changing?.then(change) ?? change());
  }

  /** Lets sends wait for something; if it fails, those that wait fail too. */
  #await(work: Promise<unknown>): void {
    const changing = work.then(() => {}).finally(() => {
      if (this.#changing === changing) this.#changing = undefined;
    });
    changing.catch(() => {});
    this.#changing = changing;
  }

  join(group: string, link: Link): void {
    const membership = typeof link === "number"
      ? this.#conn.joinMulticastV6(group, link)
      : this.#conn.joinMulticastV4(group, link);
    this.#memberships.set(`${group} ${link}`, membership);
    this.#await(membership);
  }

  leave(group: string, link: Link): void {
    const key = `${group} ${link}`;
    const membership = this.#memberships.get(key);
    if (membership === undefined) return;
    this.#memberships.delete(key);
    this.#await(membership.then((each) => each.leave()));
  }

  setMulticastInterface(): void {
    throw osError("ENOPROTOOPT");
  }

  ref(): void {
    this.#conn.ref();
  }

  unref(): void {
    this.#conn.unref();
  }

  async close(): Promise<void> {
    this.#shortcut.close();
    this.#conn.ref();
    this.#conn.close();
    // Deno ends it on a later turn, and only then lets go of the address.
    await this.#receiving?.catch(() => {});
  }
}
