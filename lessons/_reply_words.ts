/**
 * What a client says of a reply that does not come, or not as it should.
 *
 * @module
 */

import { formatNumber } from "./_bytes.ts";
import type { Text } from "./_languages.ts";

/** The reply is not what was sent, where it should be. */
export const NO_ECHO: Text = {
  en: "That is not an echo: is another lesson's server at this port?",
  zh: "这不是原样回送的内容：这个端口上是不是别的课的服务器？",
};

/** A reply that is a line takes long: it may lack its end. */
export const NO_LINE: Text = {
  en: "still waiting for the server's reply: it has to end with a line feed " +
    "(Ctrl-C ends)",
  zh: "还在等服务器的回复：回复必须以换行符结尾（按 Ctrl-C 结束）",
};

/** An echo takes long, of which so many bytes are still to come. */
export function describeWait(rest: number): Text {
  return {
    en:
      `still waiting for ${formatNumber(rest, "more byte")}: the server has ` +
      "to send back just what it gets (Ctrl-C ends)",
    zh: `还在等服务器的回复：还差 ${rest} 字节，服务器应当原样回送` +
      "（按 Ctrl-C 结束）",
  };
}

/** The server has closed after so many bytes of a reply, of all if known. */
export function describeEnd(size: number, all?: number): Text {
  if (size === 0) {
    return {
      en: "The server closed the connection and sent no reply",
      zh: "服务器已关闭连接，没有收到回复",
    };
  }
  const bytes = all === undefined
    ? `${formatNumber(size, "byte")} of its reply`
    : `${size} of ${formatNumber(all, "byte")}`;
  const wanted = all === undefined ? "回复" : `回复应有 ${all} 字节，`;
  return {
    en: `The server closed the connection after ${bytes}`,
    zh: `${wanted}只收到 ${size} 字节，服务器就关闭了连接`,
  };
}
