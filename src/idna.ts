/**
 * Host names with other letters than ASCII's, in the form in which they travel:
 * Python's `idna` codec, which is IDNA as of 2003 (RFC 3490, RFC 3491).
 *
 * @module
 */

import { UnicodeError } from "./unicode_errors.ts";

/** What a name may be divided by: the full stops of all scripts. */
const DOT_REGEXP = /[.\u3002\uff0e\uff61]/;

// deno-lint-ignore no-control-regex
const ASCII_REGEXP = /^[\x00-\x7f]*$/;

/** RFC 3454, table B.1: characters that a name loses. */
const IGNORED_REGEXP =
  /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/u;

/**
 * Tables C.1.2 and C.2.2 to C.9: characters that no name may have. V8 takes a
 * millisecond for this, which only programs pay that need it.
 */
function isProhibited(character: string): boolean {
  return /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\u0080-\u009f\u06dd\u070f\u180e\u200c\u200d\u2028\u2029\u2060-\u2063\u206a-\u206f\ufeff\ufff9-\ufffd\u{1d173}-\u{1d17a}\p{Co}\p{Noncharacter_Code_Point}\p{Cs}\u2ff0-\u2ffb\u0340\u0341\u200e\u200f\u202a-\u202e\u{e0001}\u{e0020}-\u{e007f}]/u
    .test(character);
}

/** Table D.1: letters that are written from right to left. */
const RIGHT_TO_LEFT_REGEXP =
  /[\u05be\u05c0\u05c3\u05d0-\u05ea\u05f0-\u05f4\u061b\u061f\u0621-\u063a\u0640-\u064a\u066d-\u066f\u0671-\u06d5\u06dd\u06e5\u06e6\u06fa-\u06fe\u0700-\u070d\u0710\u0712-\u072c\u0780-\u07a5\u07b1\u200f\ufb1d\ufb1f-\ufb28\ufb2a-\ufb36\ufb38-\ufb3c\ufb3e\ufb40\ufb41\ufb43\ufb44\ufb46-\ufbb1\ufbd3-\ufd3d\ufd50-\ufd8f\ufd92-\ufdc7\ufdf0-\ufdfc\ufe70-\ufe74\ufe76-\ufefc]/;

/** Table D.2: letters that are written from left to right. */
function isLeftToRight(character: string): boolean {
  return /\p{L}/u.test(character);
}

/**
 * A host name in ASCII, each label of which has other letters in its `xn--`
 * form.
 */
export function encodeIdna(name: string): string {
  if (ASCII_REGEXP.test(name)) return checkAsciiName(name);
  const labels = name.split(DOT_REGEXP);
  const end = labels.at(-1) === "" ? "." : "";
  if (end !== "") labels.pop();
  return labels.map(encodeLabel).join(".") + end;
}

function checkAsciiName(name: string): string {
  const labels = name.split(".");
  const last = labels.pop() ?? "";
  if (name !== "" && labels.some((each) => each === "" || each.length > 63)) {
    throw failure("label empty or too long");
  }
  if (last.length > 63) throw failure("label too long");
  return name;
}

function encodeLabel(label: string): string {
  const prepared = ASCII_REGEXP.test(label) ? label : prepare(label);
  const isAscii = ASCII_REGEXP.test(prepared);
  if (!isAscii && prepared.startsWith("xn--")) {
    throw failure("Label starts with ACE prefix");
  }
  const encoded = isAscii ? prepared : `xn--${encodePunycode(prepared)}`;
  if (encoded === "" || encoded.length > 63) {
    throw failure("label empty or too long");
  }
  return encoded;
}

/** "Nameprep": one form for all the ways in which a label can be written. */
function prepare(label: string): string {
  const mapped = [...label].filter((each) => !IGNORED_REGEXP.test(each))
    .map(foldCompatible).join("").normalize("NFKC");
  const characters = [...mapped];
  const bad = characters.find(isProhibited);
  if (bad !== undefined) throw failure(`Invalid character '${escape(bad)}'`);
  const isRightToLeft = characters.map((each) =>
    RIGHT_TO_LEFT_REGEXP.test(each)
  );
  if (isRightToLeft.includes(true)) {
    const isMixed = characters.some((each, i) =>
      !isRightToLeft[i] && isLeftToRight(each)
    );
    if (isMixed) throw failure("Violation of BIDI requirement 2");
    if (!isRightToLeft[0] || !isRightToLeft.at(-1)) {
      throw failure("Violation of BIDI requirement 3");
    }
  }
  return mapped;
}

/** Table B.2: a character in lower case, also once it is normalized. */
function foldCompatible(character: string): string {
  const folded = fold(character);
  const normalized = folded.normalize("NFKC");
  const again = [...normalized].map(fold).join("").normalize("NFKC");
  return normalized === again ? folded : again;
}

/** Lower case for comparison, which makes `ss` of `ß` and `σ` of `ς`. */
function fold(character: string): string {
  if (character === "\u0131") return character; // A dotless i has no dot.
  return [...character.toUpperCase()].map((each) => each.toLowerCase()).join(
    "",
  );
}

function escape(character: string): string {
  if (!/[\p{C}\p{Z}]/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code > 0xffff) return `\\U${digits.padStart(8, "0")}`;
  return code > 0xff ? `\\u${digits.padStart(4, "0")}` : `\\x${digits}`;
}

function failure(reason: string): UnicodeError {
  return new UnicodeError(
    `encoding with 'idna' codec failed (UnicodeError: ${reason})`,
  );
}

/** The digits of RFC 3492, and how few and how many a place may leave out. */
const DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";
const THRESHOLD_MIN = 1;
const THRESHOLD_MAX = 26;

/** RFC 3492: the ASCII letters, a hyphen, and where the others stand. */
function encodePunycode(label: string): string {
  const codes = [...label].map((each) => each.codePointAt(0) ?? 0);
  const ascii = codes.filter((code) => code < 0x80);
  let output = String.fromCharCode(...ascii) + (ascii.length > 0 ? "-" : "");
  let done = ascii.length;
  let last = 0x80;
  let delta = 0;
  let bias = 72;
  while (done < codes.length) {
    const next = Math.min(...codes.filter((code) => code >= last));
    delta += (next - last) * (done + 1);
    for (const code of codes) {
      if (code < next) delta++;
      if (code !== next) continue;
      output += encodeDelta(delta, bias);
      bias = adaptBias(delta, done + 1, done === ascii.length);
      delta = 0;
      done++;
    }
    delta++;
    last = next + 1;
  }
  return output;
}

/** A number whose places have different weights, the smallest first. */
function encodeDelta(delta: number, bias: number): string {
  let digits = "";
  let rest = delta;
  for (let place = DIGITS.length;; place += DIGITS.length) {
    const least = Math.max(place - bias, THRESHOLD_MIN);
    const threshold = Math.min(least, THRESHOLD_MAX);
    if (rest < threshold) return digits + DIGITS[rest];
    const weight = DIGITS.length - threshold;
    digits += DIGITS[threshold + (rest - threshold) % weight];
    rest = Math.floor((rest - threshold) / weight);
  }
}

/** Fits the weights to the numbers seen so far. */
function adaptBias(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? 700 : 2));
  rest += Math.floor(rest / count);
  let bias = 0;
  const weight = DIGITS.length - THRESHOLD_MIN;
  for (; rest > weight * THRESHOLD_MAX / 2; bias += DIGITS.length) {
    rest = Math.floor(rest / weight);
  }
  return bias + Math.floor((weight + 1) * rest / (rest + 38));
}
