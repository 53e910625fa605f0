/**
 * How Python looks at a value: the names of its types, its `repr()`, and the
 * checks that CPython's argument parser makes before a call does anything.
 *
 * @module
 */

import { OverflowError, ValueError } from "./errors.ts";
import { UnicodeEncodeError } from "./unicode_errors.ts";

/** Python's "bytes-like object": a buffer, or a view of one, of any kind. */
export type BytesLike = ArrayBufferView | ArrayBufferLike;

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
const ULONG_MAX = 2n ** 64n - 1n;

/** The name Python gives to the type of a value, as its messages show it. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "NoneType";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    case "string":
      return "str";
    case "symbol":
    case "function":
      return typeof value;
  }
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return "bytes";
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return name === undefined || name === "Object" ? "dict" : name;
}

/** Python's `repr()` of what this module prints: addresses and numbers. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) {
    const items = value.map(repr).join(", ");
    return value.length === 1 ? `(${items},)` : `(${items})`;
  }
  if (value instanceof Uint8Array) {
    return "b" + quote(String.fromCharCode(...value), 0x7f);
  }
  return String(value);
}

/** A Python string literal; characters at or above `limit` are escaped. */
function quote(text: string, limit = Infinity): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = "";
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === mark || character === "\\") body += "\\" + character;
    else if (character === "\n") body += "\\n";
    else if (character === "\r") body += "\\r";
    else if (character === "\t") body += "\\t";
    else if (code < 0x20 || (code >= 0x7f && code <= 0xa0) || code >= limit) {
      body += "\\x" + code.toString(16).padStart(2, "0");
    } else body += character;
  }
  return mark + body + mark;
}

/** What happens to a call with too few or too many arguments. */
export function checkArgumentCount(
  given: number,
  method: string,
  least: number,
  most = least,
): void {
  if (given >= least && given <= most) return;
  const plural = (count: number) =>
    `${count} argument${count === 1 ? "" : "s"}`;
  // CPython's functions word this in three ways, by how they are declared.
  if (least !== most) {
    const [bound, word] = given < least ? [least, "least"] : [most, "most"];
    throw new TypeError(
      `${method}() takes at ${word} ${plural(bound)} (${given} given)`,
    );
  }
  const wanted = least === 0 ? "no arguments" : "exactly one argument";
  throw new TypeError(`socket.${method}() takes ${wanted} (${given} given)`);
}

/** The same for a function of the module that parses its own arguments. */
export function checkParsedArgumentCount(
  given: number,
  name: string,
  wanted: number,
): void {
  if (given === wanted) return;
  const s = wanted === 1 ? "" : "s";
  throw new TypeError(
    `${name}() takes exactly ${wanted} argument${s} (${given} given)`,
  );
}

/** The same for a function of the module that takes one argument, or none. */
export function checkPlainArgumentCount(
  given: number,
  name: string,
  wanted: 0 | 1,
): void {
  if (given === wanted) return;
  const words = wanted === 0 ? "no arguments" : "exactly one argument";
  throw new TypeError(`_socket.${name}() takes ${words} (${given} given)`);
}

/** The same for the methods that are written in Python, where `self` counts. */
export function checkPythonArgumentCount(given: number, method: string): void {
  if (given === 0) return;
  throw new TypeError(
    `socket.${method}() takes 1 positional argument but ${
      given + 1
    } were given`,
  );
}

/**
 * An integer as Python's `operator.index()` takes it: a whole number, a bigint
 * or a bool.
 */
export function index(value: unknown): number | bigint {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  throw new TypeError(
    `'${typeName(value)}' object cannot be interpreted as an integer`,
  );
}

/** The usual case, and the only one that every call on a connection pays for. */
function isInt32(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value;
}

/** A C `int` as CPython's argument parser makes it (format `i`). */
export function parseInt32(value: unknown): number {
  if (isInt32(value)) return value;
  const number = index(value);
  if (number > LONG_MAX || number < LONG_MIN) {
    throw new OverflowError("Python int too large to convert to C long");
  }
  if (number > INT_MAX) {
    throw new OverflowError("signed integer is greater than maximum");
  }
  if (number < INT_MIN) {
    throw new OverflowError("signed integer is less than minimum");
  }
  return Number(number);
}

/** A C integer as CPython's `PyLong_As…` functions make it. */
export function asInteger(
  value: unknown,
  type: "int" | "long" | "ssize_t",
): number {
  if (isInt32(value)) return value;
  const number = index(value);
  const [min, max] = type === "int" ? [INT_MIN, INT_MAX] : [LONG_MIN, LONG_MAX];
  if (number > max || number < min) {
    throw new OverflowError(`Python int too large to convert to C ${type}`);
  }
  return Number(number);
}

/** A C `unsigned long` as CPython's `PyLong_AsUnsignedLong` makes it. */
export function asUnsignedLong(value: number | bigint | boolean): bigint {
  const number = BigInt(value);
  if (number < 0n) {
    throw new OverflowError("can't convert negative value to unsigned int");
  }
  if (number > ULONG_MAX) {
    throw new OverflowError(
      "Python int too large to convert to C unsigned long",
    );
  }
  return number;
}

/** Whether Python would call a value an `int`: a bool is one too. */
export function isInteger(
  value: unknown,
): value is number | bigint | boolean {
  return Number.isInteger(value) || typeof value === "bigint" ||
    typeof value === "boolean";
}

/** A C string as CPython's argument parser makes it (format `s`). */
export function parseText(
  value: unknown,
  name: string,
  position: number,
): string {
  if (typeof value !== "string") {
    throw new TypeError(
      `${name}() argument ${position} must be str, not ${wordFor(value)}`,
    );
  }
  checkEncodable(value);
  if (value.includes("\0")) throw new ValueError("embedded null character");
  return value;
}

/** A name of the file system's kind, text or bytes (`os.fsencode`). */
export function parseFileName(value: unknown): string {
  if (typeof value !== "string" && !(value instanceof Uint8Array)) {
    throw new TypeError(
      `expected str, bytes or os.PathLike object, not ${typeName(value)}`,
    );
  }
  const text = typeof value === "string"
    ? value
    : new TextDecoder().decode(value);
  if (text.includes("\0")) throw new ValueError("embedded null byte");
  return text;
}

/** The argument parser's word for a value that it refuses. */
export function wordFor(value: unknown): string {
  return value === null || value === undefined ? "None" : typeName(value);
}

/** Text that is no UTF-16 has no UTF-8 either. */
export function checkEncodable(text: string): void {
  if (text.isWellFormed()) return;
  const characters = [...text];
  const start = characters.findIndex((each) => !each.isWellFormed());
  const rest = characters.slice(start).findIndex((each) => each.isWellFormed());
  const end = rest < 0 ? characters.length : start + rest;
  throw new UnicodeEncodeError(
    "utf-8",
    text,
    start,
    end,
    "surrogates not allowed",
  );
}

/** The bytes behind any `BufferSource`; nothing else is bytes, no string is. */
export function asBytes(value: unknown): Uint8Array<ArrayBuffer> {
  const bytes = viewOf(value);
  if (bytes !== undefined) return bytes;
  throw new TypeError(
    `a bytes-like object is required, not '${typeName(value)}'`,
  );
}

/** The bytes of an array that a method fills. */
export function asWritableBytes(
  value: unknown,
  method: string,
): Uint8Array<ArrayBuffer> {
  const bytes = viewOf(value);
  if (bytes !== undefined) return bytes;
  const name = value === null ? "None" : typeName(value);
  throw new TypeError(
    `${method}() argument 1 must be read-write bytes-like object, not ${name}`,
  );
}

/** The bytes behind a buffer or a view of one; `undefined` for all else. */
export function viewOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (value instanceof Uint8Array) return value as Uint8Array<ArrayBuffer>;
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  // Deno's calls take shared memory too, though their types do not say so.
  if (value instanceof SharedArrayBuffer) return viewOf(new Uint8Array(value));
  return undefined;
}

/** A timeout in seconds: `null` waits, 0 never waits. */
export function parseTimeout(value: unknown): number | null {
  if (value === null) return null;
  const seconds = parseSeconds(value);
  if (seconds < 0) throw new ValueError("Timeout value out of range");
  return seconds;
}

/**
 * A number of seconds, in whole nanoseconds as CPython keeps it: rounded away
 * from zero, so that a tiny one never becomes 0.
 */
export function parseSeconds(value: unknown): number {
  const isFloat = typeof value === "number" && !Number.isInteger(value);
  const seconds = isFloat ? value : Number(index(value));
  if (Number.isNaN(seconds)) {
    throw new ValueError("Invalid value NaN (not a number)");
  }
  if (Math.abs(seconds) * 1e9 >= 2 ** 63) {
    throw new OverflowError(
      isFloat
        ? "timestamp out of range for platform time_t"
        : "timestamp too large to convert to C _PyTime_t",
    );
  }
  const nanoseconds = Math.ceil(Math.abs(seconds) * 1e9);
  return Math.sign(seconds) * nanoseconds / 1e9 + 0; // never -0
}

/** Python's keyword arguments, which are one object with no other names in it. */
export function checkKeywords(
  given: unknown,
  method: string,
  names: readonly string[],
): void {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `${method}() takes its keyword arguments as one object, ` +
        `not ${typeName(given)}`,
    );
  }
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(
    `${method}() got an unexpected keyword argument '${unknown}'`,
  );
}
