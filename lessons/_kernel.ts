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
  remote: NetAddress = ["0.0.0.0", 0],
): Promise<Queues | undefined> {
  const wanted = `${formatKey(local)} ${formatKey(remote)}`;
  for (const line of (await readTable() ?? "").split("\n")) {
    // "  0: 0100007F:1F90 0100007F:D3C2 01 00000000:00000006 …"
    const [, key, state = "", unsent = "", unread = ""] = line.match(
      /^ *\d+: (\S+ \S+) (\S+) (\w+):(\w+)/,
    ) ?? [];
    if (key === wanted) {
      return {
        state: STATES[parseInt(state, 16) - 1] ?? state,
        unsent: parseInt(unsent, 16),
        unread: parseInt(unread, 16),
      };
    }
  }
  return undefined;
}

/**
 * Waits until a socket's queues are as they should be. It returns `undefined` at
 * once where the kernel does not tell: on loopback what was sent has arrived.
 */
export async function waitForQueues(
  local: NetAddress,
  remote: NetAddress | undefined,
  isReady: (queues: Queues) => boolean,
): Promise<Queues | undefined> {
  if (await readTable() === undefined) return undefined;
  const end = performance.now() + DEADLINE_MS;
  while (true) {
    const queues = await findQueues(local, remote);
    if (queues !== undefined && isReady(queues)) return queues;
    if (performance.now() > end) {
      throw new Error(`The kernel never held it: ${JSON.stringify(queues)}`);
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
