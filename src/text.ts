/**
 * Class `TextIOWrapper`: text in place of bytes, by an encoding and a kind of
 * line ends. As Python's `io.TextIOWrapper`.
 *
 * @module
 */

import { gather } from "./buffers.ts";
import type { BufferedReader } from "./buffered_reader.ts";
import type { BufferedRWPair } from "./buffered_rwpair.ts";
import type { BufferedWriter } from "./buffered_writer.ts";
import { nameIn } from "./buffered_io.ts";
import { type Codec, Decoder, Encoder } from "./codec.ts";
import { lookup } from "./codecs.ts";
import type { Bytes } from "./connection.ts";
import { UnsupportedOperation, ValueError } from "./errors.ts";
import { asOptionalSize, IOBase } from "./io_base.ts";
import { Lock } from "./lock.ts";
import { findLineEnd, type Newline, NewlineDecoder } from "./newlines.ts";
import { asInteger, repr, typeName } from "./python.ts";

/** How much to read at once, and to gather before it goes to the buffer. */
const CHUNK_SIZE = 8192;

/** What a `\n` becomes when it is written, where `newline` is `null`. */
const LINESEP = Deno.build.os === "windows" ? "\r\n" : "\n";

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
  #decoder: Decoder | NewlineDecoder | undefined;
  // What has been decoded and not been read begins in `#text` at `#used`.
  #text = "";
  #used = 0;
  #hasText = false;
  // How many bytes `#text` was.
  #textBytes = 0;

  readonly #writeLock = new Lock();
  #encoder: Encoder | undefined;
  // What goes to the buffer next: bytes, then text of which only the size is
  // known, because to encode it all at once costs less.
  #pending: Bytes[] = [];
  #pendingText = "";
  #pendingSize = 0;

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
    if (buffer.readable()) {
      const decoder = new Decoder(codec, this.#errors);
      this.#decoder = this.#newline === null || this.#newline === ""
        ? new NewlineDecoder(decoder, this.#newline === null)
        : decoder;
    }
    if (buffer.writable()) this.#encoder = new Encoder(codec, this.#errors);
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
    return this.#decoder instanceof NewlineDecoder
      ? this.#decoder.newlines
      : null;
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
    const decoder = this.#decoder;
    if (decoder === undefined) throw new UnsupportedOperation("not readable");
    return await this.#readLock.run(async () => {
      if (this.#pendingSize > 0) await this.#writePending(buffer);
      return count < 0
        ? await this.#readAll(buffer, decoder)
        : await this.#readCount(buffer, count);
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
        ? this.#readLock.run(() => this.#readLine(buffer, limit))
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
    if (!this.#readLock.isFree || this.#pendingSize > 0) return undefined;
    const start = this.#used;
    const end = findLineEnd(this.#text, start, this.#newline);
    if (end < 0) return undefined;
    this.#used = end;
    return this.#text.slice(start, end);
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
      const encoder = this.#encoder;
      if (encoder === undefined) throw new UnsupportedOperation("not writable");
      const { written, hasLineEnd } = this.#translate(text);
      const bytes = encoder.next(written);
      const mustFlush = this.#lineBuffering && hasLineEnd;
      if (
        this.#writeLock.isFree && !mustFlush && this.#gather(written, bytes)
      ) {
        this.#forgetText();
        return Promise.resolve(countCharacters(text));
      }
      return this.#writeLock.run(async () => {
        await this.#write(buffer, written, bytes, mustFlush);
        if (mustFlush) await buffer.flush();
        this.#forgetText();
        return countCharacters(text);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #translate(text: string): { written: string; hasLineEnd: boolean } {
    const newline = this.#newline ?? LINESEP;
    const isSame = newline === "" || newline === "\n";
    return {
      written: isSame ? text : text.replaceAll("\n", newline),
      hasLineEnd: this.#lineBuffering && /[\r\n]/.test(text),
    };
  }

  /** Adds to what is pending unless that becomes too much to stay pending. */
  #gather(text: string, bytes: Bytes | number): boolean {
    const size = typeof bytes === "number" ? bytes : bytes.length;
    const isTooMuch = this.#pendingSize + size >= CHUNK_SIZE;
    if (isTooMuch || this.#writeThrough) return false;
    this.#addPending(text, bytes);
    return true;
  }

  #addPending(text: string, bytes: Bytes | number): void {
    if (typeof bytes === "number") {
      this.#pendingText += text;
      this.#pendingSize += bytes;
      return;
    }
    this.#encodePendingText();
    this.#pending.push(bytes);
    this.#pendingSize += bytes.length;
  }

  #encodePendingText(): void {
    if (this.#pendingText === "" || this.#encoder === undefined) return;
    this.#pending.push(this.#encoder.encode(this.#pendingText));
    this.#pendingText = "";
  }

  async #write(
    buffer: BufferedBytes,
    text: string,
    bytes: Bytes | number,
    mustFlush: boolean,
  ): Promise<void> {
    const size = typeof bytes === "number" ? bytes : bytes.length;
    if (this.#pendingSize + size > CHUNK_SIZE) await this.#writePending(buffer);
    this.#addPending(text, bytes);
    const isFull = this.#pendingSize >= CHUNK_SIZE;
    if (isFull || mustFlush || this.#writeThrough) {
      await this.#writePending(buffer);
    }
  }

  /** Hands what is pending to the buffer; when that fails it is lost. */
  async #writePending(buffer: BufferedBytes): Promise<void> {
    if (this.#pendingSize === 0) return;
    this.#encodePendingText();
    const pending = gather(this.#pending);
    this.#pending = [];
    this.#pendingSize = 0;
    await buffer.write(pending);
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
      await this.#writePending(buffer);
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
    const isIdle = this.#writeLock.isFree && this.#pendingSize === 0;
    try {
      if (!isIdle) await this.flush();
    } finally {
      await buffer.close();
    }
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
    if (this.#hasText && isOther) {
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

  /** Forgets what has been read ahead, as a write in Python does. */
  #forgetText(): void {
    if (this.#decoder === undefined) return;
    this.#setText("");
    this.#hasText = false;
    this.#decoder.reset();
  }

  #setText(text: string): void {
    this.#text = text;
    this.#used = 0;
    this.#hasText = true;
  }

  /** The next characters of what has been decoded. */
  #takeText(count: number): string {
    const start = this.#used;
    this.#used = placeAfter(this.#text, start, count);
    return this.#text.slice(start, this.#used);
  }

  async #readAll(
    buffer: BufferedBytes,
    decoder: Decoder | NewlineDecoder,
  ): Promise<string> {
    const bytes = await buffer.read() as Bytes | null;
    if (bytes === null) throw new TypeError("can't concat NoneType to bytes");
    const decoded = decoder.decode(bytes, true);
    const text = this.#text.slice(this.#used) + decoded;
    this.#setText("");
    this.#hasText = false;
    return text;
  }

  async #readCount(buffer: BufferedBytes, count: number): Promise<string> {
    let text = this.#takeText(count);
    let left = count - countCharacters(text);
    while (left > 0) {
      if (!await this.#readChunk(buffer, left)) break;
      const more = this.#takeText(left);
      text += more;
      left -= countCharacters(more);
    }
    return text;
  }

  /** Reads and decodes once, and says whether there was anything. */
  async #readChunk(buffer: BufferedBytes, hint: number): Promise<boolean> {
    const decoder = this.#decoder;
    if (decoder === undefined) throw new UnsupportedOperation("not readable");
    const bytes = await buffer.read1(Math.max(CHUNK_SIZE, this.#expect(hint)));
    const text = decoder.decode(bytes, bytes.length === 0);
    this.#setText(text);
    this.#textBytes = bytes.length;
    return bytes.length > 0 || text !== "";
  }

  /** How many bytes so many characters may be, by those before. */
  #expect(count: number): number {
    if (count === 0 || this.#text === "") return count;
    const ratio = this.#textBytes / countCharacters(this.#text);
    return Math.floor(Math.max(ratio, 1) * count);
  }

  async #readLine(buffer: BufferedBytes, limit: number): Promise<string> {
    if (this.#pendingSize > 0) await this.#writePending(buffer);
    let line = "";
    let size = 0;
    // A `\r` that may be the first half of an end, with the next chunk to tell.
    let held = "";
    while (true) {
      while (this.#text === "") {
        if (await this.#readChunk(buffer, 0)) continue;
        this.#setText("");
        this.#hasText = false;
        return line + held;
      }
      const text = held + this.#text.slice(this.#used);
      const offset = this.#used - held.length;
      let end = findLineEnd(text, 0, this.#newline);
      const isFound = end >= 0;
      if (!isFound) {
        const isHalf = this.#newline === "\r\n" && text.endsWith("\r");
        end = text.length - Number(isHalf);
      }
      if (limit >= 0) {
        const most = placeAfter(text, 0, limit - size);
        const isFull = countCharacters(text.slice(0, end)) >= limit - size;
        if (isFull) {
          this.#used = offset + most;
          return line + text.slice(0, most);
        }
      }
      line += text.slice(0, end);
      if (isFound) {
        this.#used = offset + end;
        return line;
      }
      size += countCharacters(text.slice(0, end));
      held = text.slice(end);
      this.#setText("");
    }
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

/** How many characters a text has, by code points. */
function countCharacters(text: string): number {
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The place so many characters after another, or the end. */
function placeAfter(text: string, from: number, count: number): number {
  const end = Math.min(text.length, from + count);
  if (!/[\ud800-\udbff]/.test(text.slice(from, end))) return end;
  let place = from;
  for (let i = 0; i < count && place < text.length; i++) {
    place += (text.codePointAt(place) ?? 0) > 0xffff ? 2 : 1;
  }
  return place;
}
