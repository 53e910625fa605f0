/**
 * IPv4 and IPv6 addresses as text and as bytes: pure functions, no I/O.
 *
 * @module
 */

/** Every form that libc's `inet_aton` takes: `127.1`, `0x7f.1`, `2130706433`. */
const IPV4_PART_REGEXP = /^(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i;

/**
 * The four bytes of an IPv4 address, or `undefined` if the text is none.
 *
 * The last part fills all the bytes that are left, so `127.1` is `127.0.0.1`.
 */
export function parseIPv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".");
  if (parts.length > 4) return undefined;
  const numbers: number[] = [];
  for (const part of parts) {
    if (!IPV4_PART_REGEXP.test(part)) return undefined;
    const isOctal = /^0[0-7]+$/.test(part);
    numbers.push(isOctal ? parseInt(part, 8) : Number(part));
  }
  const last = numbers.pop()!;
  if (numbers.some((number) => number > 255)) return undefined;
  if (last >= 256 ** (4 - numbers.length)) return undefined;
  const bytes = Uint8Array.of(0, 0, 0, 0);
  bytes.set(numbers);
  for (let i = 3, rest = last; i >= numbers.length; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/**
 * The four bytes of an IPv4 address in its plain form, four decimal numbers, as
 * libc's `inet_pton` takes it; `undefined` if the text is none.
 */
export function parsePlainIPv4(
  text: string,
): Uint8Array<ArrayBuffer> | undefined {
  const parts = text.split(".");
  const isPlain = parts.length === 4 &&
    parts.every((part) =>
      /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255
    );
  return isPlain ? Uint8Array.from(parts, Number) : undefined;
}

/** The usual text of an IPv4 address. */
export function formatIPv4(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** The sixteen bytes of an IPv6 address, or `undefined` if the text is none. */
export function parseIPv6(text: string): Uint8Array<ArrayBuffer> | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  // Only at the very end may the last four bytes stand as an IPv4 address.
  const groups = halves.map((half, i) =>
    parseGroups(half, i === halves.length - 1)
  );
  const [head, tail] = groups;
  if (head === undefined || groups.includes(undefined)) return undefined;
  if (tail === undefined) {
    return head.length === 16 ? Uint8Array.from(head) : undefined;
  }
  // `::` stands for at least one group.
  const missing = 16 - head.length - tail.length;
  if (missing < 2) return undefined;
  return Uint8Array.from([...head, ...new Array(missing).fill(0), ...tail]);
}

/** The bytes of groups such as `2001:db8` or `ffff:127.0.0.1`. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (group.includes(".") && isLast && i === groups.length - 1) {
      const ipv4 = parsePlainIPv4(group);
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
      const number = parseInt(group, 16);
      bytes.push(number >> 8, number & 255);
    }
  }
  return bytes;
}

/** The canonical text of an IPv6 address, as libc's `inet_ntop` writes it. */
export function formatIPv6(bytes: Uint8Array): string {
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) {
    words.push((bytes[i]! << 8) | bytes[i + 1]!);
  }
  const { start, length } = longestZeroRun(words);
  const isMapped = start === 0 && length === 5 && words[5] === 0xffff;
  const isCompatible = start === 0 && length === 6;
  const groups = words.map((word) => word.toString(16));
  if (isMapped || isCompatible) {
    groups.splice(6, 2, formatIPv4(bytes.subarray(12)));
  }
  if (length < 2) return groups.join(":");
  const head = groups.slice(0, start).join(":");
  const tail = groups.slice(Math.min(start + length, groups.length)).join(":");
  return `${head}::${tail}`;
}

function longestZeroRun(words: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let end = start;
    while (words[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}

/** The IPv4 address inside of `::ffff:127.0.0.1`, or `undefined`. */
export function mappedIPv4(
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const isMapped = bytes.length === 16 && bytes[10] === 255 &&
    bytes[11] === 255 && bytes.subarray(0, 10).every((byte) => byte === 0);
  return isMapped ? bytes.slice(12) : undefined;
}

/** Whether an IPv6 address means another host, or group, on each link. */
export function isLinkLocal([first = 0, second = 0]: Uint8Array): boolean {
  const isUnicast = first === 0xfe && (second & 0xc0) === 0x80;
  return isUnicast || (first === 0xff && (second & 0xf) === 2);
}
