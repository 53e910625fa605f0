/** This package's `makefile`, by the line. */

import { create_connection, SHUT_WR } from "../../mod.ts";
import { checkTotal, reportTime } from "../_roles.ts";

const [role, address, size, count] = Deno.args;
const [length, lines] = [Number(size), Number(count)];
using sock = await create_connection(["127.0.0.1", Number(address)]);
const start = performance.now();

switch (role) {
  case "read_text":
    await readText();
    break;
  case "read_binary":
    await readBinary();
    break;
  case "write_text":
    await writeText();
    break;
  case "write_binary":
    await writeBinary();
    break;
  default:
    throw new Error(`Cannot play the role "${role}"`);
}
reportTime(start);

async function readText(): Promise<void> {
  using file = sock.makefile("r", { encoding: "utf-8" });
  let [found, total] = [0, 0];
  for await (const line of file) {
    found++;
    total += line.length;
  }
  checkTotal(found, lines);
  checkTotal(total, lines * length);
}

async function readBinary(): Promise<void> {
  using file = sock.makefile("rb");
  let [found, total] = [0, 0];
  for await (const line of file) {
    found++;
    total += line.length;
  }
  checkTotal(found, lines);
  checkTotal(total, lines * length);
}

async function writeText(): Promise<void> {
  const file = sock.makefile("w", { encoding: "utf-8" });
  const line = "x".repeat(length - 1) + "\n";
  for (let i = 0; i < lines; i++) await file.write(line);
  await file.close();
  await endWriting();
}

async function writeBinary(): Promise<void> {
  const file = sock.makefile("wb");
  const line = new TextEncoder().encode("x".repeat(length - 1) + "\n");
  for (let i = 0; i < lines; i++) await file.write(line);
  await file.close();
  await endWriting();
}

async function endWriting(): Promise<void> {
  await sock.shutdown(SHUT_WR);
  const answer = new TextDecoder().decode(await sock.recv(100));
  checkTotal(Number(answer), lines * length);
}
