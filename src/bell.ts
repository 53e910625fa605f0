/**
 * A datagram that ends a receive. Deno cannot take back a receive on a Unix
 * datagram socket, nor send while one is under way, nor let the program end: but
 * a datagram of our own ends it, and is recognized by its sender's name.
 *
 * @module
 */

import { listenDatagram, type NativeDatagramConn } from "./deno_datagram.ts";
import { freshName, removeFreshFile } from "./unix_name.ts";

/**
 * How the names of this program's bells begin. Each has its own, since the
 * system may not have released the last one's yet.
 */
const prefix = freshName();

let conn: NativeDatagramConn | undefined;
let opened = 0;
let users = 0;

/** Rings for one socket, which has to close the bell with itself. */
export class Bell {
  readonly #path: string;
  /** Which file the socket is, so that nobody else's is rung at. */
  readonly #inode: number | null | undefined;
  #isUsed = false;

  /** A bell at a socket that has just been bound to a path. */
  constructor(path: string) {
    this.#path = path;
    this.#inode = inodeOf(path);
  }

  /** Whether a datagram is a bell's. */
  static isFrom(addr: Deno.Addr): boolean {
    return "path" in addr && addr.path?.startsWith(prefix) === true;
  }

  /** Rings; `false` if the socket cannot be reached by its path any more. */
  async ring(): Promise<boolean> {
    const inode = inodeOf(this.#path);
    if (inode === null || inode !== this.#inode) return false;
    if (!this.#isUsed) {
      this.#isUsed = true;
      users++;
    }
    conn ??= open();
    try {
      const path = this.#path;
      await conn.send(new Uint8Array(1), { transport: "unixpacket", path });
      return true;
    } catch (error) {
      if (error instanceof Error) return false;
      throw error;
    }
  }

  /** Gives it up. */
  close(): void {
    if (!this.#isUsed) return;
    this.#isUsed = false;
    if (--users > 0) return;
    conn?.close();
    conn = undefined;
  }
}

function open(): NativeDatagramConn {
  const path = `${prefix}-${++opened}`;
  const conn = listenDatagram!({ transport: "unixpacket", path });
  removeFreshFile(path);
  return conn;
}

/** The file at a path, `null` if none is seen; a name may have no file. */
function inodeOf(path: string): number | null | undefined {
  if (path.startsWith("\0")) return undefined;
  try {
    return Deno.lstatSync(path).ino;
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return null;
  }
}
