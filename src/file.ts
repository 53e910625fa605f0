/**
 * What `Socket.makefile()` makes: the file object that a mode asks for.
 *
 * @module
 */

import { BufferedReader } from "./buffered_reader.ts";
import { BufferedRWPair } from "./buffered_rwpair.ts";
import { BufferedWriter } from "./buffered_writer.ts";
import { ValueError } from "./errors.ts";
import { DEFAULT_BUFFER_SIZE } from "./io_base.ts";
import { checkKeywords, index, repr, typeName } from "./python.ts";
import { type FileSocket, SocketIO } from "./socket_io.ts";
import { TextIOWrapper, type TextOptions } from "./text.ts";

/** Options of `Socket.makefile()`. */
export interface MakefileOptions extends TextOptions {
  /**
   * The size of the buffer: 8192 if left out, `null` or less than 0; 0 for a
   * file of bytes without one.
   */
  buffering?: number | null;
}

/** A mode of `Socket.makefile()` for bytes. */
export type BinaryMode =
  | "b"
  | "rb"
  | "br"
  | "wb"
  | "bw"
  | "rwb"
  | "rbw"
  | "wrb"
  | "wbr"
  | "brw"
  | "bwr";

/** A file object of a socket, whatever its mode. */
export type SocketFile =
  | SocketIO
  | BufferedReader
  | BufferedWriter
  | BufferedRWPair
  | TextIOWrapper;

/** Makes the file object for a mode. */
export function makefile(
  sock: FileSocket,
  mode: string,
  given: MakefileOptions | number | null,
): SocketFile {
  checkMode(mode);
  const options = typeof given === "object" && given !== null
    ? given
    : { buffering: given };
  checkKeywords(options, "makefile", [
    "buffering",
    "encoding",
    "errors",
    "newline",
  ]);
  const isWriting = mode.includes("w");
  const isReading = mode.includes("r") || !isWriting;
  const isBinary = mode.includes("b");
  const size = parseBuffering(options.buffering ?? -1);
  if (size === 0 && !isBinary) {
    throw new ValueError("unbuffered streams must be binary");
  }
  const raw = new SocketIO(
    sock,
    (isReading ? "r" : "") + (isWriting ? "w" : ""),
  );
  if (size === 0) return raw;
  const buffer = isReading && isWriting
    ? new BufferedRWPair(raw, raw, size)
    : isReading
    ? new BufferedReader(raw, size)
    : new BufferedWriter(raw, size);
  return isBinary ? buffer : new TextIOWrapper(buffer, options, mode);
}

function checkMode(mode: unknown): asserts mode is string {
  if (typeof mode !== "string") {
    throw new TypeError(`'${typeName(mode)}' object is not iterable`);
  }
  if (/[^rwb]/.test(mode)) {
    throw new ValueError(
      `invalid mode ${repr(mode)} (only r, w, b allowed)`,
    );
  }
}

function parseBuffering(buffering: unknown): number {
  const isNumber = ["number", "bigint", "boolean"].includes(typeof buffering);
  if (!isNumber) {
    throw new TypeError(
      `'<' not supported between instances of '${
        typeName(buffering)
      }' and 'int'`,
    );
  }
  return Number(buffering) < 0 ? DEFAULT_BUFFER_SIZE : Number(index(buffering));
}
