/**
 * Serves a chat room at a datagram socket, this module's or Deno's.
 *
 * @module
 */

import { UsageError } from "./_options.ts";
import type { Post } from "./_post.ts";
import { Room } from "./_room.ts";
import type { Run } from "./_run.ts";

// Two loops at once. If what has come were received only after all has been sent,
// one slow send would hold up everybody. The kernel keeps few datagrams meanwhile,
// and drops the others without a word. At Ctrl-C the members are told, and the
// caller closes the socket after that.

/** Serves a room at a socket until Ctrl-C. */
export async function serveRoom<Address>(
  post: Post<Address>,
  room: Room<Address>,
  run: Run,
): Promise<void> {
  let bell = Promise.withResolvers<void>();
  run.interrupted.addEventListener("abort", () => {
    room.close();
    bell.resolve();
  });
  await Promise.race([takeIn(), sendOut()]);

  async function takeIn(): Promise<void> {
    while (true) {
      try {
        const [data, from] = await post.receive();
        room.receive(data, from, performance.now() / 1000).forEach(run.note);
        bell.resolve();
      } catch (error) {
        if (run.interrupted.aborted) return;
        if (codeOf(error) !== "ECONNRESET") throw error;
      }
    }
  }

  async function sendOut(): Promise<void> {
    while (true) {
      const [data, to] = room.take() ?? [];
      if (data === undefined || to === undefined) {
        if (run.interrupted.aborted) return;
        await bell.promise;
        bell = Promise.withResolvers();
        continue;
      }
      try {
        await post.send(data, to);
      } catch (error) {
        if (!LOST.test(codeOf(error))) room.remove(to).forEach(run.note);
      }
    }
  }
}

// Nobody says that a member's program has ended: Linux tells that to connected
// sockets, which have one peer, and Windows tells everybody, by ECONNRESET from
// `recvfrom`, but not of whom. So silent members are put out after a while. What
// cannot be sent at all concerns one address, which may have been forged; only
// where the system has no memory left is it a datagram lost, like others.
const LOST = /^(EAGAIN|ENOBUFS|ENOMEM)$/;

/** The code of a failure of the network; another one is a bug. */
function codeOf(error: unknown): string {
  // Deno may not send there, which it says in an error without a code.
  if (error instanceof Deno.errors.NotCapable) return "EACCES";
  if (!(error instanceof Error && "code" in error)) throw error;
  return `${error.code}`;
}

/** A room as the command line wants it, of members with such addresses. */
export function openRoom<Address>(
  format: (address: Address) => string,
  run: Run,
): Room<Address> {
  const [members, idle] = ["members", "idle"].map((name) => {
    const value = run.values.get(name) ?? "";
    if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
    throw new UsageError({
      en: `Option --${name} must be 1-999999: current value is "${value}"`,
      zh: `选项 --${name} 的范围是 1–999999，而不是“${value}”`,
    }, run.language);
  }) as [number, number];
  return new Room({ format, members, idle });
}
