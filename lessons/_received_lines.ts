/**
 * Lines as they arrive through a socket: cut anywhere, several at once, without
 * an end, or no text at all. Lesson 6, framing.ts, is about how to do such things.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import { ConnectionError } from "../mod.ts";
import { type Bytes, concat, decode, formatNumber } from "./_bytes.ts";
import { withPatience } from "./_patience.ts";
import { describeEnd, NO_LINE } from "./_reply_words.ts";
import type { Run } from "./_run.ts";

/** What ends a line. */
export const LINE_FEED = 10;

/** The most bytes of a line that is kept, unless the caller says otherwise. */
export const LINE_LIMIT = 65_536;

/** A line that somebody has sent. */
export interface Line {
  /** Its bytes without the line feed; of a line that is too long, the first. */
  readonly data: Bytes;
  /** How many bytes it has. */
  readonly size: number;
  /** Whether a line feed ended it, and not the end of the stream. */
  readonly isEnded: boolean;
}

const EMPTY_LINE: Line = { data: new Uint8Array(), size: 0, isEnded: false };

/**
 * Cuts what `recv` returns into lines, up to the end of the stream. Of each line
 * it keeps at most `limit` bytes, and only counts the others: somebody may send
 * without ever sending a line feed.
 */
export async function* receiveLines(
  recv: (size: number) => Promise<Bytes>,
  limit: number = LINE_LIMIT,
): AsyncGenerator<Line, void> {
  let line = EMPTY_LINE;
  const extend = ({ data, size }: Line, piece: Bytes): Line => {
    const kept = piece.subarray(0, limit - data.length);
    return {
      data: kept.length > 0 ? concat([data, kept]) : data,
      size: size + piece.length,
      isEnded: false,
    };
  };
  while (true) {
    const data = await recv(4096);
    if (data.length === 0) break;
    let start = 0;
    while (true) {
      const end = data.indexOf(LINE_FEED, start);
      if (end < 0) break;
      yield { ...extend(line, data.subarray(start, end)), isEnded: true };
      line = EMPTY_LINE;
      start = end + 1;
    }
    line = extend(line, data.subarray(start));
  }
  // What is left at the end is a line, too, as in Python's files.
  if (line.size > 0) yield line;
}

/** The text of a server's next reply, which a line feed must end. */
export async function receiveReply(
  replies: AsyncGenerator<Line, void>,
  run: Run,
): Promise<string> {
  const next = withPatience(run, NO_LINE, replies.next());
  const { value: reply } = await next;
  if (reply?.isEnded) return decodeReply(reply, run);
  throw new ConnectionError(run.text(describeEnd(reply?.size ?? 0)));
}

/** The text of a reply; an error if it is too long, or no text at all. */
export function decodeReply({ data, size }: Line, run: Run): string {
  if (size === data.length && isUtf8(data)) return decode(data);
  throw new ConnectionError(run.text({
    en: "The server's reply is not UTF-8 text, or too long " +
      `(${formatNumber(size, "byte")})`,
    zh: `服务器的回复不是 UTF-8 文本，或者太长（${size} 字节）`,
  }));
}
