/**
 * UDP by way of `Deno.listenDatagram`, which is there with Deno's flag
 * `--unstable-net`.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import type {
  Arrival,
  ChangeableOption,
  DatagramConn,
  DatagramOptions,
  Link,
} from "./datagram_conn.ts";
import { osError } from "./errors.ts";
import type { HostPort } from "./resolve.ts";

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

  /** Binds. */
  constructor(address: HostPort, options: DatagramOptions) {
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

  receive(target: Bytes): Promise<Arrival> {
    return this.#receiving = this.#conn.receive(target);
  }

  send(data: Bytes, remote: Deno.Addr): Promise<number> {
    return this.#changing === undefined
      ? this.#conn.send(data, remote)
      : this.#changing.then(() => this.send(data, remote));
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
    this.#conn.ref();
    this.#conn.close();
    // Deno ends it on a later turn, and only then lets go of the address.
    await this.#receiving?.catch(() => {});
  }
}
