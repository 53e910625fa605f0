/** Every state of a socket, and what it is ready for in it. */

import {
  AF_INET,
  AF_UNIX,
  create_connection,
  type InetAddress,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_DGRAM,
  Socket,
  socketpair,
} from "../mod.ts";
import { select } from "../src/select.ts";
import { bytes, EINPROGRESS, EMPTY, outcome } from "./_outcome.ts";
import {
  breakable,
  connected,
  end,
  fill,
  listening,
  LOCALHOST,
  type Pair,
  refusing,
  silent,
} from "./_pairs.ts";

/** A socket that was brought into a state. */
export interface Made extends AsyncDisposable {
  readonly sock: Socket;
}

/** What a socket is ready for, as in `rw-`, and how to bring it there. */
export type State = readonly [ready: string, make: () => Promise<Made>];

/** The states of TCP sockets, which every system has. */
export const TCP_STATES: Readonly<Record<string, State>> = {
  "fresh": ["rw-", () => alone(new Socket())],
  "bound": ["rw-", () => {
    const sock = new Socket();
    sock.bind([LOCALHOST, 0]);
    return alone(sock);
  }],
  "listening": ["---", () => alone(listening())],
  "listening, with a connection": ["r--", async () => {
    const listener = listening();
    return together(
      listener,
      await create_connection(listener.getsockname()),
    );
  }],
  "listening, shut down": ["rw-", async () => {
    const listener = listening();
    await listener.shutdown(SHUT_RDWR);
    return alone(listener);
  }],
  "connected, idle": ["-w-", () => paired(() => {})],
  "connected, with data": [
    "rw-",
    () => paired(({ conn }) => conn.sendall(bytes("x"))),
  ],
  "connected, ended by the peer": [
    "rw-",
    () => paired(({ conn }) => conn.shutdown(SHUT_WR)),
  ],
  "connected, closed by the peer": [
    "rw-",
    () => paired(({ conn }) => end(conn)),
  ],
  "connected, reset": ["rw-", async () => {
    const pair = await breakable();
    await pair.reset();
    return {
      sock: pair.client,
      [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
    };
  }],
  "connected, SHUT_RD": [
    "rw-",
    () => paired(({ client }) => client.shutdown(SHUT_RD)),
  ],
  "connected, SHUT_WR": [
    "-w-",
    () => paired(({ client }) => client.shutdown(SHUT_WR)),
  ],
  "connected, SHUT_RDWR": [
    "rw-",
    () => paired(({ client }) => client.shutdown(SHUT_RDWR)),
  ],
  "connected, SHUT_WR and closed by the peer": [
    "rw-",
    () =>
      paired(async ({ client, conn }) => {
        await client.shutdown(SHUT_WR);
        await end(conn);
      }),
  ],
  "connected, buffer full": ["---", () => paired(({ client }) => fill(client))],
  "connecting": ["---", async () => {
    const nobody = await silent();
    const sock = await connecting(nobody.address);
    return {
      sock,
      async [Symbol.asyncDispose]() {
        await end(sock);
        await nobody[Symbol.asyncDispose]();
      },
    };
  }],
  "connecting, refused": ["rw-", refused],
  "connecting, refused and told": ["rw-", async () => {
    const made = await refused();
    await made.sock.connect_ex([LOCALHOST, 1]);
    return made;
  }],
  "connecting, succeeded": ["-w-", async () => {
    const listener = listening();
    const sock = await connecting(listener.getsockname());
    await select([], [sock], []);
    return together(sock, listener);
  }],
};

/** The states of UDP sockets. */
export const UDP_STATES: Readonly<Record<string, State>> = {
  "UDP, fresh": ["-w-", () => alone(new Socket(AF_INET, SOCK_DGRAM))],
  "UDP, bound": ["-w-", () => receiving()],
  "UDP, with a datagram": ["rw-", () => receiving(bytes("x"))],
  "UDP, with an empty datagram": ["rw-", () => receiving(EMPTY)],
};

/** The states of Unix sockets. */
export const UNIX_STATES: Readonly<Record<string, State>> = {
  "Unix, fresh": ["rw-", () => alone(new Socket(AF_UNIX))],
  "Unix, idle": ["-w-", () => paired(() => {}, AF_UNIX)],
  "Unix, with data": [
    "rw-",
    () => paired(({ conn }) => conn.sendall(bytes("x")), AF_UNIX),
  ],
  "Unix, ended by the peer": [
    "rw-",
    () => paired(({ conn }) => conn.shutdown(SHUT_WR), AF_UNIX),
  ],
  "Unix, closed by the peer": [
    "rw-",
    () => paired(({ conn }) => end(conn), AF_UNIX),
  ],
};

/** The states of Unix datagram sockets. */
export const UNIX_DATAGRAM_STATES: Readonly<Record<string, State>> = {
  "Unix datagrams, fresh": [
    "-w-",
    () => alone(new Socket(AF_UNIX, SOCK_DGRAM)),
  ],
  "Unix datagrams, idle": ["-w-", () => exchanging(() => {})],
  "Unix datagrams, with a datagram": [
    "rw-",
    () => exchanging((other) => other.send(bytes("x"))),
  ],
  "Unix datagrams, closed by the peer": ["-w-", () => exchanging(end)],
};

/** All of them. */
export const STATES: Readonly<Record<string, State>> = {
  ...TCP_STATES,
  ...UDP_STATES,
  ...UNIX_STATES,
  ...UNIX_DATAGRAM_STATES,
};

/** A UDP socket to which datagrams have been sent. */
async function receiving(...datagrams: Uint8Array[]): Promise<Made> {
  const [one, other] = [1, 2].map(() => new Socket(AF_INET, SOCK_DGRAM)) as [
    Socket,
    Socket,
  ];
  one.bind([LOCALHOST, 0]);
  for (const data of datagrams) await other.sendto(data, one.getsockname());
  return together(one, other);
}

async function exchanging(change: (other: Socket) => unknown): Promise<Made> {
  const [one, other] = await socketpair(AF_UNIX, SOCK_DGRAM);
  await change(other);
  return together(one, other);
}

function alone(sock: Socket): Promise<Made> {
  return Promise.resolve(together(sock));
}

function together(sock: Socket, ...others: Socket[]): Made {
  return {
    sock,
    async [Symbol.asyncDispose]() {
      await Promise.all([sock, ...others].map(end));
    },
  };
}

async function paired(
  change: (pair: Pair) => unknown,
  family: number = AF_INET,
): Promise<Made> {
  const pair = await connected(family);
  await change(pair);
  return together(pair.client, pair.conn);
}

/** A socket whose attempt to connect goes on in the background. */
async function connecting(address: InetAddress): Promise<Socket> {
  const sock = new Socket();
  sock.setblocking(false);
  const told = await outcome(() => sock.connect(address));
  if (told !== EINPROGRESS) throw new Error(told);
  return sock;
}

async function refused(): Promise<Made> {
  const sock = await connecting(await refusing());
  await select([], [sock], []);
  return together(sock);
}
