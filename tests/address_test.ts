/** `src/address.ts` and `src/resolve.ts`: Python's address grammar. */

import { assertEquals } from "@std/assert";
import { AF_INET, AF_INET6, AF_UNIX } from "../mod.ts";
import { parseAddress } from "../src/address.ts";
import { repr, typeName } from "../src/python.ts";
import { resolve, resolveSync } from "../src/resolve.ts";
import { bytes, describe, inTime } from "./_outcome.ts";

/** An address of AF_INET or AF_INET6 as both resolvers see it. */
async function resolved(family: number, address: unknown): Promise<string> {
  const results: string[] = [];
  for (const each of [resolve, resolveSync]) {
    try {
      const target = parseAddress(family, address, "bind");
      if ("path" in target) throw new TypeError("a path");
      const { hostname, port } = await inTime(
        Promise.resolve(each(target, family, "bind")),
      );
      results.push(`${hostname} ${port}`);
    } catch (error) {
      results.push(describe(error));
    }
  }
  assertEquals(results[0], results[1]);
  return results[0]!;
}

Deno.test("parseAddress() of AF_INET: hosts in every form", async () => {
  for (
    const [address, expected] of [
      [["127.0.0.1", 80], "127.0.0.1 80"],
      [["", 0], "0.0.0.0 0"],
      [["<broadcast>", 9], "255.255.255.255 9"],
      [["127.1", 1], "127.0.0.1 1"],
      [["0x7f.1", 1], "127.0.0.1 1"],
      [["2130706433", 1], "127.0.0.1 1"],
      [["010.0.0.1", 65535], "8.0.0.1 65535"],
      [[bytes("127.0.0.1"), 1], "127.0.0.1 1"],
      [["localhost", 1], "127.0.0.1 1"],
      [["::ffff:127.0.0.1", 1], "127.0.0.1 1"],
      [["::ffff:127.0.0.1%1", 1], "127.0.0.1 1"],
      [["127.0.0.1", 80n], "127.0.0.1 80"],
      [["127.0.0.1", true], "127.0.0.1 1"],
      [["127.0.0.1", -1], "OverflowError: bind(): port must be 0-65535."],
      [["no host", 1], "gaierror: [EAI_NONAME] Name or service not known"],
      [
        ["::1", 1],
        "gaierror: [EAI_ADDRFAMILY] Address family for hostname not supported",
      ],
    ] as const
  ) assertEquals(await resolved(AF_INET, address), expected);
});

Deno.test("parseAddress() of AF_INET6: hosts in every form", async () => {
  for (
    const [address, expected] of [
      [["::1", 80], "::1 80"],
      [["0:0:0:0:0:0:0:1", 80], "::1 80"],
      [["", 0], ":: 0"],
      [["::ffff:127.0.0.1", 1], "::ffff:127.0.0.1 1"],
      [["::1", 1, 0xfffff, 0], "::1 1"],
      [["::1", 1, 0, 99], "::1 1"],
      [["fe80::1", 1, 0, 2], "fe80::1%2 1"],
      [["fe80::1%3", 1], "fe80::1%3 1"],
      [["fe80::1%3", 1, 0, 2], "fe80::1%3 1"],
      [["::1", 1, -1], "OverflowError: bind(): flowinfo must be 0-1048575."],
      [
        ["::1", 1, 2 ** 20],
        "OverflowError: bind(): flowinfo must be 0-1048575.",
      ],
      // The port is looked at before the flow.
      [["::1", -1, -1], "OverflowError: bind(): port must be 0-65535."],
      [["fe80::1%", 1], "gaierror: [EAI_NONAME] Name or service not known"],
      [["ff02::1", 1, 0, 2], "ff02::1%2 1"],
      [["<broadcast>", 1], "OSError: address family mismatched"],
      [["255.255.255.255", 1], "OSError: address family mismatched"],
      [
        ["127.0.0.1", 1],
        "gaierror: [EAI_ADDRFAMILY] Address family for hostname not supported",
      ],
    ] as const
  ) assertEquals(await resolved(AF_INET6, address), expected);
});

Deno.test("parseAddress() sends names of other letters in their xn-- form", () => {
  const target = parseAddress(AF_INET, ["bücher.example", 1], "connect");
  assertEquals("host" in target && target.host, "xn--bcher-kva.example");
});

Deno.test("parseAddress() of AF_UNIX: paths as text and as bytes", () => {
  for (
    const [address, expected] of [
      ["/tmp/s", "/tmp/s"],
      [bytes("/tmp/s"), "/tmp/s"],
      [bytes("/tmp/s").buffer, "/tmp/s"],
      ["", ""],
      ["é", "é"],
      ["/tmp/s\0rest", "/tmp/s"],
      ["\0abc", "\0abc"],
      [bytes("\0abc\0d\0"), "\0abc\0d\0"],
      ["\ufeffx", "\ufeffx"],
    ] as const
  ) {
    assertEquals(parseAddress(AF_UNIX, address, "bind"), { path: expected });
  }
});

Deno.test("parseAddress() of AF_UNIX refuses what is too long, or no path", () => {
  for (
    const [address, expected] of [
      ["x".repeat(108), "OSError: AF_UNIX path too long"],
      ["é".repeat(54), "OSError: AF_UNIX path too long"],
      ["\0" + "x".repeat(108), "OSError: AF_UNIX path too long"],
      [null, "TypeError: a bytes-like object is required, not 'NoneType'"],
      [5, "TypeError: a bytes-like object is required, not 'int'"],
      [{}, "TypeError: a bytes-like object is required, not 'dict'"],
      [["x"], "TypeError: a bytes-like object is required, not 'tuple'"],
      [
        new URL("file:///tmp/s"),
        "TypeError: a bytes-like object is required, not 'URL'",
      ],
    ] as const
  ) {
    let failure = "";
    try {
      parseAddress(AF_UNIX, address, "bind");
    } catch (error) {
      failure = describe(error);
    }
    assertEquals(failure, expected);
  }
});

Deno.test("parseAddress() of AF_UNIX takes the longest names there are", () => {
  const longest = Deno.build.os === "linux" ? 108 : 104;
  for (const path of ["x".repeat(longest - 1), "\0".padEnd(longest, "x")]) {
    assertEquals(parseAddress(AF_UNIX, path, "bind"), { path });
  }
});

Deno.test("typeName() is what Python calls the type of a value", () => {
  for (
    const [value, expected] of [
      ...[[null, "NoneType"], [undefined, "NoneType"], [true, "bool"]],
      ...[[1, "int"], [1.5, "float"], [NaN, "float"], [1n, "int"]],
      ...[["x", "str"], [[], "list"], [{}, "dict"], [bytes("x"), "bytes"]],
      ...[[new ArrayBuffer(1), "bytes"], [new Map(), "Map"]],
      ...[[Object.create(null), "dict"], [() => 0, "function"]],
    ] as const
  ) assertEquals(typeName(value), expected);
});

Deno.test("repr() is Python's", () => {
  for (
    const [value, expected] of [
      ...[[null, "None"], [true, "True"], [false, "False"], [5, "5"]],
      ...[["it's", '"it\'s"'], ["a\\b\n\r\t\0", "'a\\\\b\\n\\r\\t\\x00'"]],
      ...[["'\"", "'\\'\"'"], ["é\u00a0\x7f", "'é\\xa0\\x7f'"]],
      ...[[["127.0.0.1", 80], "('127.0.0.1', 80)"], [["x"], "('x',)"]],
      ...[[[], "()"], [Uint8Array.of(0, 97, 0xff), "b'\\x00a\\xff'"]],
    ] as const
  ) assertEquals(repr(value), expected);
});
