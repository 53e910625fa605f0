/**
 * Bytes and what they stand for: text, and how Python prints them.
 *
 * @module
 */

/** Bytes, as the sockets take and give them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** As Python's `text.encode()`. */
export function encode(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** As Python's `data.decode()`: bytes that are no UTF-8 raise a TypeError. */
export function decode(data: Bytes): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    .decode(data);
}

/** As Python's `b"".join(pieces)`. */
export function concat(pieces: readonly Bytes[]): Bytes {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const data = new Uint8Array(size);
  let end = 0;
  for (const piece of pieces) {
    data.set(piece, end);
    end += piece.length;
  }
  return data;
}

/** As Python prints bytes: `b'hi\n'`, `b'\xe4\xbd\xa0'`. */
export function repr(data: Bytes): string {
  const text = Array.from(data, (byte) => {
    const character = String.fromCharCode(byte);
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    if (character === "\\") return "\\\\";
    const isPrintable = byte >= 0x20 && byte < 0x7f;
    return isPrintable ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
  if (!text.includes("'")) return `b'${text}'`;
  return text.includes('"')
    ? `b'${text.replaceAll("'", "\\'")}'`
    : `b"${text}"`;
}

/** The bytes in hexadecimal, two digits each: `e4 bd a0`. */
export function hex(data: Bytes): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
}

/** A count, for people: `1,048,576`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A number with what it counts: `1 byte`, `2 bytes`. */
export function formatNumber(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
