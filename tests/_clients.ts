/** Clients of the lessons' servers, good ones and bad ones. */

import { connect } from "node:net";
import type { Bytes } from "../lessons/_bytes.ts";
import { within } from "./_process.ts";

/** What a server sends, up to its end, to one who sends this and half-closes. */
export async function ask(
  address: Deno.ConnectOptions,
  ...pieces: (Bytes | string)[]
): Promise<string> {
  using conn = await within("a connection", Deno.connect(address));
  conn.setNoDelay();
  const sending = (async () => {
    for (const piece of pieces) {
      const data = typeof piece === "string"
        ? new TextEncoder().encode(piece)
        : piece;
      for (let n = 0; n < data.length;) n += await conn.write(data.subarray(n));
    }
    await conn.closeWrite();
  })();
  const received = within("the end of the replies", receiveText(conn));
  const [text] = await Promise.all([received, sending]);
  return text;
}

async function receiveText(conn: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const buffer = new Uint8Array(65_536);
  let text = "";
  while (true) {
    const count = await conn.read(buffer);
    if (count === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

/** Connects, sends something, and breaks the connection. */
export async function reset(
  { hostname = "", port }: Deno.ConnectOptions,
  text: string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = connect({ host: hostname, port });
  client.on("error", reject);
  client.on("close", () => resolve());
  client.on("connect", () => {
    // The reset throws away what has not been sent yet.
    if (text === "") client.resetAndDestroy();
    else client.write(text, () => client.resetAndDestroy());
  });
  await within("a reset", promise);
}

/** Plays a server for one client: reads up to `count` bytes, and sends `data`. */
export async function answer(
  listener: Deno.TcpListener,
  count: number,
  data: Bytes,
): Promise<void> {
  using conn = await within("a client", listener.accept());
  const buffer = new Uint8Array(count);
  for (let n = 0; n < count;) {
    const reading = within("bytes of a client", conn.read(buffer.subarray(n)));
    n += await reading ?? count;
  }
  for (let n = 0; n < data.length;) n += await conn.write(data.subarray(n));
}
