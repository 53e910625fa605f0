/**
 * What base64 makes of bytes and of text, without any network: the first three
 * steps of base64.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { decode, encode, hex, repr } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { drawBoxes, drawGauge } from "./_draw.ts";
import type { Run } from "./_run.ts";

/** Draws how three bytes become four characters. */
export function showBits(run: Run): void {
  const bytes = encode("你");
  const characters = encodeBase64(bytes);
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0"));
  const groups = bits.join("").match(/.{6}/g)!;
  run.say({
    en:
      "What is base64? Some notes “encrypt” messages with it. Look closely:\n\n" +
      "1. 你 is 3 bytes, which are 24 bits:",
    zh: "base64 是什么？有的笔记用它来“加密”消息。我们仔细看看：\n\n" +
      "1. “你”是 3 个字节，也就是 24 位：",
  });
  console.log(drawBoxes(hex(bytes).split(" "), bits));
  console.log(run.text({
    en:
      "   Cut into sixes they are 4 numbers below 64. Each has its character,\n" +
      "   out of A-Z, a-z, 0-9, + and /, the same for everybody:",
    zh:
      "   每 6 位一组，得到 4 个小于 64 的数。每个数对应一个字符（A–Z、a–z、\n" +
      "   0–9、+、/），这张表人人都一样：",
  }));
  const numbers = groups.map((group) => `${parseInt(group, 2)}`);
  console.log(drawBoxes(groups, numbers, [...characters]));
}

/** Draws how long messages become, beside what the notes receive at a time. */
export function showSizes(run: Run): void {
  run.say({
    en:
      "2. So 3 bytes become 4, a third more, and = fills up the last group of\n" +
      "   four. What does not fit into the 512 bytes that some notes receive at\n" +
      "   a time is cut. Bytes -> characters of base64 ([…]: 512; !: does not\n" +
      "   fit):",
    zh:
      "2. 3 个字节变成 4 个，多出三分之一；最后一组不足 4 个时用 = 补齐。有的\n" +
      "   笔记每次接收 512 个字节，装不下的就会被切断。字节数 -> 编码后（方括号\n" +
      "   表示 512；! 表示 512 装不下）：",
  });
  for (const size of [0, 1, 2, 3, 300, 384, 385]) {
    const { length } = encodeBase64(new Uint8Array(size));
    show(
      `${size} -> ${length}`,
      `${drawGauge(length, 512)}${length > 512 ? " !" : ""}`,
    );
  }
}

/** Shows text becoming base64, and base64 becoming text. */
export async function showText(run: Run): Promise<void> {
  run.say({
    en:
      "3. Base64 takes bytes, not characters: text is encoded first, in UTF-8,\n" +
      "   and what comes back is bytes, which have to be decoded. Some notes\n" +
      '   print them as they are. (Python: b64encode("你好".encode()). Here\n' +
      "   encodeBase64 and decodeBase64 are of @std/encoding.)",
    zh:
      "3. base64 处理的是字节，不是字符：文本要先用 UTF-8 编码；解出来的也是\n" +
      "   字节，还要再解码成文本。有的笔记把字节直接打印出来了。（Python：\n" +
      '   b64encode("你好".encode())；这里的 encodeBase64 和 decodeBase64 来自\n' +
      "   @std/encoding。）",
  });
  await showBtoa();
  const data = encodeBase64(encode("你好"));
  show("encodeBase64", data);
  show("decodeBase64", repr(decodeBase64(data)));
  show("decode", decode(decodeBase64(data)));
}

/** Shows what `btoa` says of Chinese, which is too long for a line. */
export async function showBtoa(): Promise<void> {
  const error = await failureOf(() => btoa("你好"));
  show('btoa("你好")', error.replace(/: (?=string)/, `:\n${" ".repeat(24)}`));
}
