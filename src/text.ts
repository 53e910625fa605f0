/**
 * Class `TextIOWrapper`: text in place of bytes, by an encoding and a kind of
 * line ends. As Python's `io.TextIOWrapper`.
 *
 * @module
 */

import type { BufferedReader } from "./buffered_reader.ts";
import type { BufferedRWPair } from "./buffered_rwpair.ts";
import type { BufferedWriter } from "./buffered_writer.ts";
import { nameIn } from "./buffered_io.ts";
import type { Codec } from "./codec.ts";
import { lookup } from "./codecs.ts";
import { UnsupportedOperation, ValueError } from "./errors.ts";
import { asOptionalSize, IOBase } from "./io_base.ts";
import { Lock } from "./lock.ts";
import type { Newline } from "./newlines.ts";
import { asInteger, repr, typeName } from "./python.ts";
import { TextReader } from "./text_reader.ts";
import { TextWriter } from "./text_writer.ts";

/** The encoding where none is given: that of Python in a UTF-8 locale. */
const LOCALE_ENCODING = "UTF-8";

/** A buffered file, on which one of text is built. */
export type BufferedBytes = BufferedReader | BufferedWriter | BufferedRWPair;

/** How text becomes bytes. */
export interface TextOptions {
  /** The name of the encoding, as Python knows it; "UTF-8" if left out. */
  encoding?: string | null;
  /** What to do with what does not fit the encoding; "strict" if left out. */
  errors?: string | null;
  /** What ends a line: `null`, `""`, `"\n"`, `"\r"` or `"\r\n"`. */
  newline?: string | null;
}

/** What `TextIOWrapper.reconfigure()` can change. */
export interface ReconfigureOptions extends TextOptions {
  /** Whether a `write` with an end of a line sends it. */
  line_buffering?: boolean | null;
  /** Whether a `write` goes to the buffer at once. */
  write_through?: boolean | null;
}

/**
 * A file of text. As Python's `io.TextIOWrapper`; `Socket.makefile()` makes one
 * in each mode without "b".
 *
 * Calls at the same time are served in their order, those that read and those
 * that write apart. What Python counts in characters is counted in these, one
 * for each code point, here as well.
 *
 * @example Lines, however they end and arrive
 * ```ts
 * import { create_connection, create_server } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * using client = await create_connection(listener.getsockname());
 * using conn = (await listener.accept())[0];
 * {
 *   await using file = client.makefile("w", { encoding: "utf-8" });
 *   await file.write("first\r\n第二行\n");
 * }
 * client.close();
 *
 * using file = conn.makefile("r", { encoding: "utf-8" });
 * const lines: string[] = [];
 * for await (const line of file) lines.push(line);
 * assertEquals(lines, ["first\n", "第二行\n"]);
 * ```
 */
export class TextIOWrapper extends IOBase<string> {
  /** The mode, as it was given to `makefile`. */
  readonly mode: string;
  #buffer: BufferedBytes | null;
  #encoding = LOCALE_ENCODING;
  #errors = "strict";
  #newline: Newline = null;
  #lineBuffering = false;
  #writeThrough = false;

  readonly #readLock = new Lock();
  readonly #writeLock = new Lock();
  #reader: TextReader | undefined;
  #writer: TextWriter | undefined;

  /**
   * Makes a file of text of one of bytes.
   *
   * @param buffer The file of bytes.
   * @param options Encoding, error handler and line end.
   * @param mode What `mode` is to tell.
   * @throws {LookupError} If there is no such encoding.
   * @throws {ValueError} If there is no such line end.
   * @throws {TypeError} If an option is no string.
   */
  constructor(buffer: BufferedBytes, options: TextOptions, mode: string) {
    super();
    const { encoding = null, errors = null, newline = null } = options;
    checkString("encoding", encoding);
    checkString("newline", newline);
    checkString("errors", errors);
    this.mode = mode;
    this.#buffer = buffer;
    this.#newline = asNewline(newline);
    const isLocale = encoding === null || encoding === "locale";
    this.#encoding = isLocale ? LOCALE_ENCODING : encoding;
    this.#errors = errors ?? "strict";
    this.#setCodec(lookup(this.#encoding));
  }

  #setCodec(codec: Codec): void {
    const buffer = this.#attached;
    const newline = this.#newline;
    this.#reader = buffer.readable()
      ? new TextReader(codec, this.#errors, newline)
      : undefined;
    this.#writer = buffer.writable()
      ? new TextWriter(codec, this.#errors, newline)
      : undefined;
  }

  get #attached(): BufferedBytes {
    if (this.#buffer !== null) return this.#buffer;
    throw new ValueError("underlying buffer has been detached");
  }

  get #open(): BufferedBytes {
    const buffer = this.#attached;
    if (!buffer.closed) return buffer;
    throw new ValueError("I/O operation on closed file.");
  }

  /** The file of bytes below; `null` after `detach`. */
  get buffer(): BufferedBytes | null {
    return this.#buffer;
  }

  /** The name of the encoding, as it was given. */
  get encoding(): string {
    return this.#encoding;
  }

  /** The name of the error handler. */
  get errors(): string {
    return this.#errors;
  }

  /**
   * The ends of lines that have been met so far: one, or an array of several;
   * `null` before the first one, and where `newline` says what ends a line.
   */
  get newlines(): string | readonly string[] | null {
    this.#attached;
    return this.#reader?.newlines ?? null;
  }

  /** Whether a `write` with an end of a line sends it: `reconfigure` sets it. */
  get line_buffering(): boolean {
    return this.#lineBuffering;
  }

  /** Whether a `write` goes to the buffer at once: `reconfigure` sets it. */
  get write_through(): boolean {
    return this.#writeThrough;
  }

  /**
   * The number that `fileno()` returns; −1 if the file is closed; `undefined` in
   * mode "rw", where Python has none either.
   */
  get name(): number | undefined {
    const buffer = this.#attached;
    return "name" in buffer ? buffer.name : undefined;
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#attached.closed;
  }

  /** Whether the mode has "r"; raises ValueError if the file is closed. */
  override readable(): boolean {
    return this.#attached.readable();
  }

  /** Whether the mode has "w"; raises ValueError if the file is closed. */
  override writable(): boolean {
    return this.#attached.writable();
  }

  /** False; raises ValueError if the file is closed. */
  override seekable(): boolean {
    return this.#attached.seekable();
  }

  /** False; raises ValueError if the file is closed. */
  override isatty(): boolean {
    return this.#attached.isatty();
  }

  /** As the socket's `fileno()`; raises ValueError if the file is closed. */
  override fileno(): number {
    return this.#attached.fileno();
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  override seek(_offset: number, _whence: number = 0): number {
    this.#open;
    throw new UnsupportedOperation("underlying stream is not seekable");
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  override tell(): number {
    return this.seek(0, 1);
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  override async truncate(size: number | null = null): Promise<number> {
    const buffer = this.#attached;
    await this.flush();
    return await buffer.truncate(size);
  }

  /**
   * Reads so many characters, and waits until they are there.
   *
   * @param size How many; `null` and less than 0 read up to the end.
   * @returns The text, shorter only at the end of the stream, or if a socket
   * that may not wait has no more.
   * @throws {TypeError} If `size` is no whole number; or if it is left out and a
   * socket that may not wait has nothing, as in Python.
   * @throws {UnicodeDecodeError} If the bytes are no text in the encoding.
   * @throws {ValueError} If the file is closed.
   * @throws {UnsupportedOperation} If the mode has no "r".
   * @throws {TimeoutError} If they are not there within the socket's timeout,
   * which counts for each piece that arrives; what has been read is lost.
   * @throws {OSError} After such a timeout: "cannot read from timed out object".
   * And as the socket's `recv`.
   */
  async read(size: number | null = -1): Promise<string> {
    const count = asOptionalSize(size);
    const buffer = this.#open;
    const reader = this.#reader;
    if (reader === undefined) throw new UnsupportedOperation("not readable");
    return await this.#readLock.run(async () => {
      if (this.#hasPending) await this.#writer?.empty(buffer);
      return count < 0
        ? await reader.readAll(buffer)
        : await reader.readCount(buffer, count);
    });
  }

  /**
   * Reads a line.
   *
   * @param size At most so many characters; −1 is no limit.
   * @returns The line with its end, which is missing at the end of the stream;
   * empty after that. On a socket that may not wait: what is there.
   * @throws {TypeError} If `size` is no whole number.
   * @throws {UnicodeDecodeError} If the bytes are no text in the encoding.
   * @throws {ValueError} If the file is closed.
   * @throws {UnsupportedOperation} If the mode has no "r".
   * @throws {TimeoutError} If the line does not end within the socket's timeout,
   * which counts for each piece that arrives; what has been read is lost.
   * @throws {OSError} As `read`.
   */
  override readline(size: number = -1): Promise<string> {
    try {
      const limit = asInteger(size, "ssize_t");
      const buffer = this.#open;
      const line = limit < 0 ? this.#takeLine() : undefined;
      return line === undefined
        ? this.#readLine(buffer, limit)
        : Promise.resolve(line);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The next line, if the file need not wait for it. */
  protected override lineAtHand(): string | undefined {
    this.#open;
    return this.#takeLine();
  }

  /** The next line, if it has been decoded already. */
  #takeLine(): string | undefined {
    return this.#readLock.isFree && !this.#hasPending
      ? this.#reader?.takeLine()
      : undefined;
  }

  /** Whether there is text that every read hands to the buffer first. */
  get #hasPending(): boolean {
    return this.#writer !== undefined && !this.#writer.isEmpty;
  }

  /** @ignore */
  override get _hasFailed(): boolean {
    return this.#buffer?._hasFailed ?? false;
  }

  async #readLine(buffer: BufferedBytes, limit: number): Promise<string> {
    return await this.#readLock.run(async () => {
      if (this.#hasPending) await this.#writer?.empty(buffer);
      if (this.#reader === undefined) {
        throw new UnsupportedOperation("not readable");
      }
      return await this.#reader.readLine(buffer, limit);
    });
  }

  /**
   * Writes text.
   *
   * What is written is gathered first, here and then in the buffer below; `flush`
   * and `close` send it. In mode "rw", as in Python, text that has been read
   * ahead is lost: use two files, one for each direction.
   *
   * @param text The text.
   * @returns How many characters it has.
   * @throws {TypeError} If `text` is no string.
   * @throws {UnicodeEncodeError} If the encoding lacks a character.
   * @throws {ValueError} If the file is closed.
   * @throws {UnsupportedOperation} If the mode has no "w".
   * @throws {TimeoutError} If there is no room within the socket's timeout; text
   * that had been gathered before is lost.
   * @throws {BlockingIOError} EAGAIN if the socket may not wait and there is no
   * room, likewise.
   * @throws {OSError} As the socket's `send`, likewise.
   */
  override write(text: string): Promise<number> {
    try {
      if (typeof text !== "string") {
        const name = text === null ? "None" : typeName(text);
        throw new TypeError(`write() argument must be str, not ${name}`);
      }
      const buffer = this.#open;
      const writer = this.#writer;
      if (writer === undefined) throw new UnsupportedOperation("not writable");
      const piece = writer.prepare(text);
      const mustFlush = this.#lineBuffering && /[\r\n]/.test(text);
      const isUrgent = mustFlush || this.#writeThrough;
      if (!isUrgent && this.#writeLock.isFree && writer.keep(piece)) {
        this.#reader?.forget();
        return Promise.resolve(piece.characters);
      }
      return this.#writeLock.run(async () => {
        await writer.write(buffer, piece);
        if (isUrgent) await writer.empty(buffer);
        if (mustFlush) await buffer.flush();
        this.#reader?.forget();
        return piece.characters;
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends what has been written.
   *
   * @throws {ValueError} If the file is closed.
   * @throws {OSError} As `write`; but what has gone to the buffer stays there.
   */
  override async flush(): Promise<void> {
    const buffer = this.#open;
    await this.#writeLock.run(async () => {
      await this.#writer?.empty(buffer);
      await buffer.flush();
    });
  }

  /**
   * Sends what has been written, and closes the file, even if that fails; but
   * the connection only if its socket has been closed already and no other file
   * is open.
   *
   * @throws {OSError} As `flush`; what has not been sent is lost.
   */
  override async close(): Promise<void> {
    const buffer = this.#attached;
    if (buffer.closed) return;
    if (this.#writeLock.isFree && !this.#hasPending) {
      return await buffer.close();
    }
    await this.#writeLock.run(async () => {
      if (buffer.closed) return;
      try {
        await this.#writer?.empty(buffer);
        await buffer.flush();
      } finally {
        await buffer.close();
      }
    });
  }

  /**
   * Takes the file of bytes out of this one, which then is of no use. Text that
   * has been read ahead is lost; what has been written, is sent.
   *
   * @returns The file below.
   * @throws {ValueError} If the file is closed, or it has been done already.
   * @throws {OSError} As `flush`.
   */
  async detach(): Promise<BufferedBytes> {
    const buffer = this.#attached;
    await this.flush();
    this.#buffer = null;
    return buffer;
  }

  /**
   * Changes how the file works, after it has sent what has been written. As
   * Python's `io.TextIOWrapper.reconfigure()`.
   *
   * @example Each line goes out by itself
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * using conn = (await listener.accept())[0];
   * await using file = client.makefile("w");
   * await file.reconfigure({ line_buffering: true });
   * await file.write("hello\n");
   * assertEquals((await conn.recv(1024)).length, 6);
   * ```
   *
   * @param options What to change; what is left out or `null` stays, except that
   * a new encoding brings `errors` "strict", and that a `newline` of `null` is one.
   * @throws {UnsupportedOperation} If encoding, errors or newline are to change,
   * and some text has been read.
   * @throws {LookupError} If there is no such encoding.
   * @throws {ValueError} If there is no such line end, or the file is closed.
   * @throws {OSError} As `flush`.
   */
  async reconfigure(options: ReconfigureOptions = {}): Promise<void> {
    this.#attached;
    const { encoding = null, errors = null, newline } = options;
    const isOther = encoding !== null || errors !== null ||
      newline !== undefined;
    if (this.#reader?.hasText && isOther) {
      throw new UnsupportedOperation(
        "It is not possible to set the encoding or newline of stream " +
          "after the first read",
      );
    }
    const next = newline === undefined ? this.#newline : asNewline(newline);
    await this.flush();
    if (isOther) {
      const name = encoding === "locale" ? LOCALE_ENCODING : encoding;
      const codec = lookup(name ?? this.#encoding);
      this.#newline = next;
      this.#errors = errors ?? (name === null ? this.#errors : "strict");
      this.#encoding = name ?? this.#encoding;
      this.#setCodec(codec);
    }
    this.#lineBuffering = options.line_buffering ?? this.#lineBuffering;
    this.#writeThrough = options.write_through ?? this.#writeThrough;
  }

  /**
   * Python's `repr()`, with `name=?` for the number, which is not asked for.
   *
   * @returns For example `<_io.TextIOWrapper name=? mode='r' encoding='UTF-8'>`.
   */
  override toString(): string {
    const name = this.#buffer === null ? "" : nameIn(this.#buffer);
    const mode = repr(this.mode);
    const encoding = repr(this.#encoding);
    return `<_io.TextIOWrapper${name} mode=${mode} encoding=${encoding}>`;
  }
}

function checkString(option: string, value: unknown): void {
  if (value === null || typeof value === "string") return;
  throw new TypeError(
    `TextIOWrapper() argument '${option}' must be str or None, not ${
      typeName(value)
    }`,
  );
}

function asNewline(value: string | null): Newline {
  switch (value) {
    case null:
    case "":
    case "\n":
    case "\r":
    case "\r\n":
      return value;
  }
  throw new ValueError(`illegal newline value: ${value}`);
}
