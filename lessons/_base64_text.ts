/**
 * Text as base64 and back: UTF-8 first, since base64 is made of bytes.
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { type Bytes, decode, encode } from "./_bytes.ts";

/** What came is not base64, or it is, but of no text. */
export class Base64Error extends Error {
  /** The name of the errno that is closest, "Protocol error". */
  readonly code = "EPROTO";

  /**
   * `data` is what came, `problem` what is wrong with it, and `cause` the error of
   * the decoder that refused it.
   */
  constructor(data: string, problem: string, cause?: unknown) {
    // Anything may have come: it is quoted, and not all of it.
    const start = data.length > 40 ? `${data.slice(0, 40)}…` : data;
    super(`${problem}: ${JSON.stringify(start)}`, { cause });
    this.name = "Base64Error";
  }
}

// No line feed is in it. (The command `base64` and Python's `encodebytes` put some
// in, to wrap the lines of an e-mail; nothing on a socket needs that.)

/** As Python's `base64.b64encode(text.encode())`: ASCII, in one line. */
export function encodeText(text: string): Bytes {
  return encode(encodeBase64(encode(text)));
}

// Base64 has four characters for three bytes, and is filled up with `=`. Most
// decoders forgive it if those are missing, and so take a half for a whole. Here
// only space at the end is forgiven: some programs end their lines with `\r\n`.

/** As Python's `base64.b64decode(data, validate=True).decode()`. */
export function decodeText(data: Bytes): string {
  const text = new TextDecoder().decode(data).trimEnd();
  if (text.length % 4 !== 0) throw new Base64Error(text, NO_BASE64);
  const bytes = attempt(() => decodeBase64(text), text, NO_BASE64);
  return attempt(() => decode(bytes), text, NO_TEXT);
}

const NO_BASE64 = "Not base64";
const NO_TEXT = "Base64, but not of UTF-8";

/** Does one step of the decoding; its refusal is one of ours. */
function attempt<T>(step: () => T, text: string, problem: string): T {
  try {
    return step();
  } catch (error) {
    const isRefusal = error instanceof TypeError || error instanceof RangeError;
    throw isRefusal ? new Base64Error(text, problem, error) : error;
  }
}

/** The answer to a message: the same text again, or what is wrong with it. */
export function answer(message: Bytes): Bytes {
  try {
    return encodeText(decodeText(message));
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    // Nobody takes this for base64, which has no colon.
    return encode(`error: ${error.message}`);
  }
}
