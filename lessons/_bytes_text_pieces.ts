/**
 * Text that arrives in pieces: a decoder for it, and what happens without one. It
 * is the part of lesson 2, bytes_text.ts, that needs no protocol.
 *
 * @module
 */

import { SHUT_WR } from "../mod.ts";
import { type Bytes, encode, hex, repr } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { drawPieces } from "./_draw.ts";
import { waitForUnread } from "./_kernel.ts";
import { connectPair, type Pair } from "./_pair.ts";
import type { Run } from "./_run.ts";

// ## The decoder
//
// With `stream` a decoder keeps half a character for the next piece, if it is the
// same decoder for all pieces. The last call, without `stream`, says that no more
// will come: a half that is still waiting then is an error. Without that call
// nobody would notice that the end is missing.

/** Receives text up to the end of the stream, wherever it may be cut. */
export async function receiveText(
  recv: (size: number) => Promise<Bytes>,
): Promise<string> {
  const decoder = createDecoder();
  let text = "";
  while (true) {
    const piece = await recv(4096);
    if (piece.length === 0) return text + decoder.decode();
    text += decoder.decode(piece, { stream: true });
  }
}

// With `fatal`, bytes that are not UTF-8 are an error, as in Python. And without
// `ignoreBOM` a U+FEFF at the very start would vanish, which Python keeps.

/** Makes a decoder of UTF-8 that is as strict as Python's. */
export function createDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

// ## What happens without it
//
// Four steps of the demo, each with a connection of its own.

/** Cuts characters, and decodes them badly and well. */
export async function cutAndDecode(run: Run): Promise<void> {
  const [first, second] = await cutCharacter(run);
  await decodeAlone(first, second, run);
  await keepHalves(run);
  await endInCharacter(run);
}

/** The text that the demo sends: two characters of three bytes each. */
export const HELLO = "你好";

// The cut is real: the kernel holds all six bytes before the first `recv`.
async function cutCharacter(run: Run): Promise<[Bytes, Bytes]> {
  using pair = await connectPair();
  const { client, conn } = pair;
  await client.sendall(encode(HELLO));
  await waitForUnread(conn.getsockname(), client.getsockname(), 6);
  run.say({
    en:
      "3. 你好 is sent again, and all of its 6 bytes have arrived. What does\n" +
      "   recv(4) return, and the recv(4) after it?",
    zh:
      "3. 再发一次“你好”，6 个字节都已到达。recv(4) 会返回什么？接着再调用\n" +
      "   一次 recv(4) 呢？",
  });
  const first = await conn.recv(4);
  const second = await conn.recv(4);
  show("first = recv(4)", repr(first));
  show("second = recv(4)", repr(second));
  const label = ({ length }: Bytes) =>
    run.text({ en: `${length} bytes`, zh: `${length} 字节` });
  console.log(`\n${
    drawPieces(
      5,
      Array.from(HELLO, (each) => [3, `${spread(encode(each))}\n${each}`]),
      [first, second].map((piece) => [piece.length, label(piece)]),
    )
  }`);
  run.say({
    en:
      "   recv counts bytes and knows nothing of characters: 好 is cut. TCP\n" +
      "   may cut there by itself, however large the number is.",
    zh:
      "   recv 只数字节，不认识字符，于是“好”被切成了两半。就算 recv 里的数\n" +
      "   写得再大，TCP 自己也可能正好在这里切断。",
  });
  return [first, second];
}

/** Bytes as wide as {@linkcode drawPieces} draws them at a scale of 5. */
function spread(data: Bytes): string {
  return hex(data).replaceAll(" ", "   ");
}

// In JavaScript the mistake is silent: it shows only where somebody reads the text.
async function decodeAlone(
  first: Bytes,
  second: Bytes,
  run: Run,
): Promise<void> {
  run.say({
    en:
      "4. Decode each piece by itself, as recv(1024).decode() does in Python.\n" +
      "   loose is new TextDecoder(), strict is one with { fatal: true }:",
    zh:
      "4. 每收到一块就单独解码，就像 Python 里的 recv(1024).decode()。loose 是\n" +
      "   new TextDecoder()，strict 加了 { fatal: true }：",
  });
  const loose = new TextDecoder();
  show("loose.decode(first)", loose.decode(first));
  show("loose.decode(second)", loose.decode(second));
  const strict = createDecoder();
  show("strict.decode(first)", await failureOf(() => strict.decode(first)));
  run.say({
    en:
      "   JavaScript hides the mistake: \uFFFD (U+FFFD) stands for what could not\n" +
      "   be decoded, and nothing fails. With { fatal: true } it is an error, as\n" +
      "   in Python, whose data.decode() raises UnicodeDecodeError.",
    zh:
      "   JavaScript 会掩盖这个错误：解不出来的地方换成 \uFFFD（U+FFFD），程序照常\n" +
      "   运行。加上 { fatal: true } 就会抛出异常；Python 的 data.decode() 则总会\n" +
      "   抛出 UnicodeDecodeError。",
  });
}

// Decoding piece by piece goes well whenever the cuts fall between characters,
// which is why such a program passes its tests.
async function keepHalves(run: Run): Promise<void> {
  const text = "ñ你😀";
  const data = encode(text);
  const count = data.length - 1;
  let [alone, together] = [0, 0];
  for (let n = 1; n <= count; n++) {
    const pieces = [data.subarray(0, n), data.subarray(n)];
    const texts = pieces.map((piece) => new TextDecoder().decode(piece));
    if (texts.join("") === text) alone++;
    const recv = () => Promise.resolve(pieces.shift() ?? new Uint8Array());
    if (await receiveText(recv) === text) together++;
  }
  run.say({
    en:
      `5. Cut ${text} in two, at each of the ${count} places there are, and decode.\n` +
      "   With one decoder for both pieces, and { stream: true }, it keeps half a\n" +
      "   character for the next piece:",
    zh:
      `5. 把“${text}”切成两块，${count} 个位置都切一遍，再解码。如果两块用同一个\n` +
      "   解码器，并加上 { stream: true }，它就会把半个字符留给下一块：",
  });
  const label = (right: number) =>
    run.text({
      en: `${right} of ${count} are right`,
      zh: `${count} 次中对了 ${right} 次`,
    });
  show(run.text({ en: "each by itself", zh: "每块单独解码" }), label(alone));
  show(run.text({ en: "one decoder", zh: "同一个解码器" }), label(together));
  using pair = await connectPair();
  const { client, conn } = pair;
  await client.sendall(data);
  await client.shutdown(SHUT_WR);
  show("recv(1), recv(1), …", await receiveText(() => conn.recv(1)));
  run.say({
    en:
      "   The other cure: look among the bytes for the end of the message, and\n" +
      "   decode then. The server of this lesson waits for a line feed.",
    zh:
      "   另一种办法：先在字节里找到消息的结尾，收齐了再解码。本课的服务器就是\n" +
      "   等到换行符才解码。",
  });
}

// The end of the stream can cut, too.
async function endInCharacter(run: Run): Promise<void> {
  run.say({
    en: "6. The peer sends 5 of the 6 bytes of 你好, and closes:",
    zh: "6. “你好”有 6 个字节，对端只发了 5 个就关闭了：",
  });
  using pair = await connectPair();
  await sendHalf(pair);
  const decoder = createDecoder();
  const data = await pair.conn.recv(1024);
  show("decode(…, { stream })", decoder.decode(data, { stream: true }));
  show("decode()", await failureOf(() => decoder.decode()));
  using other = await connectPair();
  await sendHalf(other);
  using file = other.conn.makefile("r", { encoding: "utf-8" });
  // Python's words are long: what went wrong, where, and why.
  const words = (await failureOf(() => file.read())).split(": ");
  for (const [i, each] of words.entries()) {
    show(i === 0 ? 'makefile("r").read()' : "", each);
  }
  run.say({
    en:
      "   Only the decode() at the end, without stream, finds that something is\n" +
      "   missing. Python's makefile decodes in this way by itself, here too.",
    zh:
      "   只有最后再调用一次不带 stream 的 decode()，才能发现缺了字节。Python\n" +
      "   的 makefile 会自动这样解码，这里也一样。",
  });
}

async function sendHalf({ client }: Pair): Promise<void> {
  await client.sendall(encode(HELLO).subarray(0, 5));
  client.close();
}
