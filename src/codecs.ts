/**
 * Encodings by Python's names for them.
 *
 * @module
 */

import { ASCII, LATIN_1, tableOf } from "./charmap.ts";
import type { Codec } from "./codec.ts";
import { big5, cp949, gb2312, gbk } from "./double_byte.ts";
import { LookupError, ValueError } from "./errors.ts";
import { gb18030 } from "./gb18030.ts";
import { UTF16, UTF16_BE, UTF16_LE, UTF8, UTF8_SIG } from "./utf.ts";

/** Encodings whose rules are written down here. */
const CODECS: Readonly<Record<string, Codec>> = {
  ascii: ASCII,
  latin_1: LATIN_1,
  utf_8: UTF8,
  utf_8_sig: UTF8_SIG,
  utf_16: UTF16,
  utf_16_le: UTF16_LE,
  utf_16_be: UTF16_BE,
};

/** Encodings whose tables Deno has, and its names for them. */
const LABELS: Readonly<Record<string, string>> = {
  cp866: "ibm866",
  cp874: "windows-874",
  cp1250: "windows-1250",
  cp1251: "windows-1251",
  cp1252: "windows-1252",
  cp1253: "windows-1253",
  cp1254: "windows-1254",
  cp1255: "windows-1255",
  cp1256: "windows-1256",
  cp1257: "windows-1257",
  cp1258: "windows-1258",
  iso8859_2: "iso-8859-2",
  iso8859_3: "iso-8859-3",
  iso8859_4: "iso-8859-4",
  iso8859_5: "iso-8859-5",
  iso8859_6: "iso-8859-6",
  iso8859_7: "iso-8859-7",
  iso8859_8: "iso-8859-8",
  iso8859_10: "iso-8859-10",
  iso8859_13: "iso-8859-13",
  iso8859_14: "iso-8859-14",
  iso8859_15: "iso-8859-15",
  iso8859_16: "iso-8859-16",
  koi8_r: "koi8-r",
  koi8_u: "koi8-u",
  mac_cyrillic: "x-mac-cyrillic",
  mac_roman: "macintosh",
};

/** Encodings whose tables take a moment to make. */
const MAKERS: Readonly<Record<string, () => Codec>> = {
  gbk,
  gb2312,
  gb18030,
  big5,
  cp949,
};

/** Python's other names for these encodings. */
const ALIASES: Readonly<Record<string, string>> = {
  ascii:
    "646 ansi_x3.4_1968 ansi_x3_4_1968 ansi_x3.4_1986 cp367 csascii ibm367 iso646_us iso_646.irv_1991 iso_ir_6 us us_ascii",
  latin_1:
    "8859 cp819 csisolatin1 ibm819 iso8859 iso8859_1 iso_8859_1 iso_8859_1_1987 iso_ir_100 l1 latin latin1",
  utf_8: "u8 utf utf8 utf8_ucs2 utf8_ucs4 cp65001",
  utf_16: "u16 utf16",
  utf_16_le: "unicodelittleunmarked utf_16le",
  utf_16_be: "unicodebigunmarked utf_16be",
  gbk: "936 cp936 ms936",
  gb2312:
    "chinese csiso58gb231280 euc_cn euccn eucgb2312_cn gb2312_1980 gb2312_80 iso_ir_58 x_mac_simp_chinese",
  gb18030: "gb18030_2000",
  big5: "big5_tw csbig5 x_mac_trad_chinese",
  cp949: "949 ms949 uhc",
  cp866: "866 csibm866 ibm866",
  cp1250: "1250 windows_1250",
  cp1251: "1251 windows_1251",
  cp1252: "1252 windows_1252",
  cp1253: "1253 windows_1253",
  cp1254: "1254 windows_1254",
  cp1255: "1255 windows_1255",
  cp1256: "1256 windows_1256",
  cp1257: "1257 windows_1257",
  cp1258: "1258 windows_1258",
  iso8859_2: "csisolatin2 iso_8859_2 iso_8859_2_1987 iso_ir_101 l2 latin2",
  iso8859_3: "csisolatin3 iso_8859_3 iso_8859_3_1988 iso_ir_109 l3 latin3",
  iso8859_4: "csisolatin4 iso_8859_4 iso_8859_4_1988 iso_ir_110 l4 latin4",
  iso8859_5:
    "csisolatincyrillic cyrillic iso_8859_5 iso_8859_5_1988 iso_ir_144",
  iso8859_6:
    "arabic asmo_708 csisolatinarabic ecma_114 iso_8859_6 iso_8859_6_1987 iso_ir_127",
  iso8859_7:
    "csisolatingreek ecma_118 elot_928 greek greek8 iso_8859_7 iso_8859_7_1987 iso_ir_126",
  iso8859_8: "csisolatinhebrew hebrew iso_8859_8 iso_8859_8_1988 iso_ir_138",
  iso8859_10: "csisolatin6 iso_8859_10 iso_8859_10_1992 iso_ir_157 l6 latin6",
  iso8859_13: "iso_8859_13 l7 latin7",
  iso8859_14: "iso_8859_14 iso_8859_14_1998 iso_celtic iso_ir_199 l8 latin8",
  iso8859_15: "iso_8859_15 l9 latin9",
  iso8859_16: "iso_8859_16 iso_8859_16_2001 iso_ir_226 l10 latin10",
  koi8_r: "cskoi8r",
  mac_cyrillic: "maccyrillic",
  mac_roman: "macintosh macroman",
};

const NAME_BY_ALIAS = new Map(
  Object.entries(ALIASES).flatMap(([name, aliases]) =>
    aliases.split(" ").map((alias) => [alias, name] as const)
  ),
);

/** Tables that have been needed already. */
const tables = new Map<string, Codec>();

/** The encoding with a name of Python's. */
export function lookup(encoding: string): Codec {
  if (encoding.includes("\0")) throw new ValueError("embedded null character");
  const words = encoding.toLowerCase().match(/[a-z0-9.]+/g) ?? [];
  const alias = words.join("_");
  const name = NAME_BY_ALIAS.get(alias) ??
    NAME_BY_ALIAS.get(alias.replaceAll(".", "_")) ?? alias;
  const codec = ownValue(CODECS, name) ?? tables.get(name);
  if (codec !== undefined) return codec;
  const table = makeTable(name);
  if (table === undefined) {
    throw new LookupError(`unknown encoding: ${encoding}`);
  }
  tables.set(name, table);
  return table;
}

function makeTable(name: string): Codec | undefined {
  const label = ownValue(LABELS, name);
  return label === undefined ? ownValue(MAKERS, name)?.() : tableOf(label);
}

function ownValue<T>(
  record: Readonly<Record<string, T>>,
  name: string,
): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
