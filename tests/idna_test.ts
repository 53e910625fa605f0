/** `src/idna.ts`: host names with other letters than ASCII's. */

import { assertEquals, assertThrows } from "@std/assert";
import { UnicodeError } from "../mod.ts";
import { encodeIdna } from "../src/idna.ts";
import { callsOf, testBesideCPython } from "./_calls.ts";

Deno.test("encodeIdna() writes other letters in ASCII", () => {
  for (
    const [name, expected] of [
      ["localhost", "localhost"],
      ["LOCALHOST.", "LOCALHOST."],
      ["", ""],
      ["_a*b c", "_a*b c"],
      ["пример.test", "xn--e1afmkfd.test"],
      ["ПРИМЕР。Test．", "xn--e1afmkfd.Test."],
      // As of 2003 these letters have others that they are equal to.
      ["faß.test", "fass.test"],
      ["ΒΌΛΟΣ", "xn--nxasmq6b"],
      ["βόλος", "xn--nxasmq6b"],
      ["bücher", "xn--bcher-kva"],
      ["bu\u0308cher", "xn--bcher-kva"],
      ["你好", "xn--6qq79v"],
      ["ｅｘａｍｐｌｅ", "example"],
      ["a\u00adb\u200dc\u00e9", "xn--abc-dma"],
      ["יא", "xn--4dbr"],
      ["😀", "xn--e28h"],
    ] as const
  ) assertEquals(encodeIdna(name), expected, name);
});

Deno.test("encodeIdna() says what is wrong as CPython does", () => {
  for (
    const [name, reason] of [
      ["a..b", "label empty or too long"],
      [".", "label empty or too long"],
      ["a".repeat(64) + ".b", "label empty or too long"],
      ["a".repeat(64), "label too long"],
      ["é..b", "label empty or too long"],
      ["é".repeat(64), "label empty or too long"],
      ["\u00ad", "label empty or too long"],
      ["xn--é", "Label starts with ACE prefix"],
      ["\u00a0\ue000", "Invalid character '\\ue000'"],
      ["\u0080", "Invalid character '\\x80'"],
      ["\u{f0000}", "Invalid character '\\U000f0000'"],
      ["\u2ff0", "Invalid character '\u2ff0'"],
      ["אa", "Violation of BIDI requirement 2"],
      ["א1", "Violation of BIDI requirement 3"],
    ] as const
  ) {
    const error = assertThrows(() => encodeIdna(name), UnicodeError);
    assertEquals(
      error.message,
      `encoding with 'idna' codec failed (UnicodeError: ${reason})`,
    );
  }
});

/** A little of everything that a label can be made of. */
const PIECES = [
  ..."aB1-.é ßςΣпяЯ中文あヴｶﾞ。אبي١İıŉﬁKÅǆ𝔘🙂\u0301üñ한\u05b0\u00ad\u200d",
  ...["xn--", "ﷺ", "\u2ff0", "\ue000"],
];

// What prepares a name fails before any lookup, so that is what can be seen
// of both sides without one.
testBesideCPython(
  "encodeIdna() refuses what CPython refuses",
  callsOf(
    "gethostbyname",
    PIECES.flatMap((first) =>
      PIECES.map((second) => [`${first}${second}.256.1.1.1..`])
    ),
  ),
);
