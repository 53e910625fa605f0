/** Sockets in the states that tests need, each set up by awaiting events. */

import { connect, createServer, type Socket as NodeSocket } from "node:net";
import {
  type Address,
  AF_INET,
  AF_INET6,
  AF_UNIX,
  BlockingIOError,
  create_server,
  type InetAddress,
  SOCK_STREAM,
  Socket,
} from "../mod.ts";

export {
  NO_ABSTRACT,
  NO_IPV6,
  NO_LINUX,
  NO_UNIX,
  testUnless,
} from "./_unless.ts";

export const LOCALHOST = "127.0.0.1";

/** A path for a Unix socket, in a folder of its own that goes after use. */
export async function unixPath(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "socket_test_" });
  return {
    path: `${folder}/s`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A socket that listens on a port of its own. */
export function listening(family: number = AF_INET): Socket {
  const host = family === AF_INET6 ? "::1" : LOCALHOST;
  return create_server([host, 0], { family });
}

/** A socket that is closed. */
export async function closed(family: number = AF_INET): Promise<Socket> {
  const sock = new Socket(family, SOCK_STREAM);
  await end(sock);
  return sock;
}

/** Closes a socket and waits for the end. */
export async function end(sock: Socket): Promise<void> {
  await sock[Symbol.asyncDispose]();
}

/** Two ends of one connection; `conn` is the accepted one. */
export interface Pair extends AsyncDisposable {
  readonly client: Socket;
  readonly conn: Socket;
}

/** A connection by way of this package only. */
export async function connected(family: number = AF_INET): Promise<Pair> {
  await using folder = family === AF_UNIX ? await unixPath() : undefined;
  await using listener = folder
    ? create_server(folder.path, { family })
    : listening(family);
  const client = new Socket(family, SOCK_STREAM);
  await client.connect(listener.getsockname<Address>());
  const [conn] = await listener.accept();
  return {
    client,
    conn,
    async [Symbol.asyncDispose]() {
      await Promise.all([end(client), end(conn)]);
    },
  };
}

/** A connection over which so much has gone that its calls go the short way. */
export async function warmed(): Promise<Pair> {
  const pair = await connected();
  const ends = [[pair.client, pair.conn], [pair.conn, pair.client]] as const;
  for (const [here, there] of ends) {
    for (let i = 0; i < 100; i++) {
      await here.sendall(Uint8Array.of(i));
      await there.recv(1);
    }
  }
  return pair;
}

/** An address at which nobody listens. */
export async function refusing(family: number = AF_INET): Promise<InetAddress> {
  await using sock = listening(family);
  return sock.getsockname();
}

/** An address whose backlog is full, so that nobody answers. */
export async function silent(): Promise<
  { address: InetAddress } & AsyncDisposable
> {
  const listener = Deno.listen({
    hostname: LOCALHOST,
    port: 0,
    tcpBacklog: 0,
  });
  const { port } = listener.addr as Deno.NetAddr;
  const queued: Deno.Conn[] = [];
  while (true) {
    const signal = AbortSignal.timeout(50);
    try {
      queued.push(await Deno.connect({ hostname: LOCALHOST, port, signal }));
    } catch (error) {
      if (!signal.aborted) throw error;
      break;
    }
  }
  return {
    address: [LOCALHOST, port],
    [Symbol.asyncDispose]() {
      for (const conn of queued) conn.close();
      listener.close();
      return Promise.resolve();
    },
  };
}

/** A connection whose peer can send, and can break it. */
export interface BreakablePair extends AsyncDisposable {
  readonly client: Socket;
  /** Sends from the peer; settles when the kernel has the bytes. */
  send(data: Uint8Array): Promise<void>;
  /** Resets the connection; settles when that has happened. */
  reset(): Promise<void>;
}

/** A connection to a peer of `node:net`, the only one that can reset. */
export async function breakable(): Promise<BreakablePair> {
  const accepted = Promise.withResolvers<NodeSocket>();
  const server = createServer({ pauseOnConnect: true }, accepted.resolve);
  await new Promise<void>((resolve) => server.listen(0, LOCALHOST, resolve));
  const client = new Socket();
  const { port } = server.address() as { port: number };
  await client.connect([LOCALHOST, port]);
  const peer = await accepted.promise;
  const isClosed = new Promise((resolve) => peer.once("close", resolve));
  const isServerClosed = new Promise((resolve) => server.close(resolve));
  return {
    client,
    send(data) {
      return new Promise((resolve, reject) =>
        peer.write(data, (error) => error ? reject(error) : resolve())
      );
    },
    async reset() {
      peer.resetAndDestroy();
      await isClosed;
    },
    async [Symbol.asyncDispose]() {
      await end(client);
      peer.destroy();
      await Promise.all([isClosed, isServerClosed]);
    },
  };
}

/**
 * Sends until there is no room, and says how many bytes that were. The socket
 * has its timeout back afterwards.
 */
export async function fill(sock: Socket): Promise<number> {
  const timeout = sock.gettimeout();
  sock.setblocking(false);
  const piece = new Uint8Array(64 * 1024);
  let sent = 0;
  try {
    while (true) sent += await sock.send(piece);
  } catch (error) {
    if (!(error instanceof BlockingIOError)) throw error;
    return sent;
  } finally {
    sock.settimeout(timeout);
  }
}

/** Everything that a peer has to say, up to its end. */
export async function drain(sock: Socket): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  while (true) {
    const piece = await sock.recv(1 << 20);
    if (piece.length === 0) return concat(pieces);
    pieces.push(piece);
  }
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A client that connects to a listener and breaks the connection at once. */
export async function connectAndReset(listener: Socket): Promise<void> {
  const [host, port] = listener.getsockname();
  const client = connect(port, host);
  await new Promise((resolve) => client.once("connect", resolve));
  const isClosed = new Promise((resolve) => client.once("close", resolve));
  client.resetAndDestroy();
  await isClosed;
}
