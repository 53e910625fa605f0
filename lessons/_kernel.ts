/**
 * What the kernel holds for a socket, where it tells that: on Linux, with `-A`.
 *
 * Demos order their steps by it. When a peer is to find two pieces waiting, it
 * waits until the kernel holds both, and does not hope that some time is enough.
 *
 * @module
 */

/** A host and a port, of whatever has them. */
export type NetAddress = readonly [host: string, port: number, ...unknown[]];

/** What waits at one socket. */
export interface Queues {
  /** Such as `LISTEN`, `ESTABLISHED` or `CLOSE_WAIT`. */
  readonly state: string;
  /** Bytes that the peer's kernel has not confirmed yet. */
  readonly unsent: number;
  /**
   * Bytes that nobody has received yet; for a listening socket, connections that
   * nobody has accepted yet.
   */
  readonly unread: number;
}

/** The states of TCP in the order of the kernel's numbers, which begin at 1. */
const STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
];

/** How long a demo waits for what the kernel should hold, before it gives up. */
const DEADLINE_MS = 3000;

/**
 * The queues of the IPv4 TCP socket at `local` whose peer is at `remote`, or of
 * the listener at `local`. `undefined` where the kernel does not tell, or where
 * there is no such socket.
 */
export async function findQueues(
  local: NetAddress,
  remote?: NetAddress,
): Promise<Queues | undefined> {
  return findIn(await readTable() ?? "", local, remote);
}

/**
 * Waits until a socket's queues are as they should be. It returns `undefined` at
 * once where the kernel does not tell: on loopback what was sent has arrived.
 */
export function waitForQueues(
  local: NetAddress,
  remote: NetAddress | undefined,
  isReady: (queues: Queues) => boolean,
): Promise<Queues | undefined> {
  return waitUntil(
    (table) => findIn(table, local, remote),
    (queues) => queues !== undefined && isReady(queues),
  );
}

/** The same for both ends of a connection, as they are at one moment. */
export async function waitForBoth(
  local: NetAddress,
  remote: NetAddress,
  isReady: (local: Queues, remote: Queues) => boolean,
): Promise<readonly [local: Queues, remote: Queues] | undefined> {
  const found = await waitUntil(
    (table) =>
      [findIn(table, local, remote), findIn(table, remote, local)] as const,
    ([near, far]) =>
      near !== undefined && far !== undefined &&
      isReady(near, far),
  );
  return found as readonly [Queues, Queues] | undefined;
}

/** Looks again and again, which may take long: the table has all sockets. */
async function waitUntil<T>(
  find: (table: string) => T,
  isReady: (found: T) => boolean,
): Promise<T | undefined> {
  const end = performance.now() + DEADLINE_MS;
  while (true) {
    const table = await readTable();
    if (table === undefined) return undefined;
    const found = find(table);
    if (isReady(found)) return found;
    if (performance.now() > end) {
      throw new Error(`The kernel never held it: ${JSON.stringify(found)}`);
    }
    // The kernel does not call us when a queue grows: one can only look again.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Waits until exactly so many bytes wait for `local` to receive them. */
export function waitForUnread(
  local: NetAddress,
  remote: NetAddress,
  count: number,
): Promise<Queues | undefined> {
  return waitForQueues(local, remote, ({ unread }) => unread === count);
}

/** Finds a socket in the kernel's table. */
function findIn(
  table: string,
  local: NetAddress,
  remote: NetAddress = ["0.0.0.0", 0],
): Queues | undefined {
  // "  0: 0100007F:1F90 0100007F:D3C2 01 00000000:00000006 …"
  const key = `: ${formatKey(local)} ${formatKey(remote)} `;
  const start = table.indexOf(key);
  if (start < 0) return undefined;
  const rest = table.slice(start + key.length, start + key.length + 20);
  const [, state = "", unsent = "", unread = ""] =
    rest.match(/^(\w+) (\w+):(\w+)/) ?? [];
  return {
    state: STATES[parseInt(state, 16) - 1] ?? state,
    unsent: parseInt(unsent, 16),
    unread: parseInt(unread, 16),
  };
}

/** The kernel's table of TCP sockets, which Deno lets read with `-A` alone. */
async function readTable(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return await Deno.readTextFile("/proc/net/tcp");
  } catch (error) {
    const isHidden = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.NotFound;
    if (!isHidden) throw error;
    return undefined;
  }
}

/** An address as in that table: 127.0.0.1:8000 is `0100007F:1F40`. */
function formatKey([host, port]: NetAddress): string {
  const bytes = Uint8Array.from(host.split(".").map(Number));
  // The four bytes are printed as one number, in the order of this computer.
  const [word = 0] = new Uint32Array(bytes.buffer);
  return [[word, 8], [port, 4]].map(([number, digits]) =>
    number!.toString(16).toUpperCase().padStart(digits!, "0")
  ).join(":");
}
