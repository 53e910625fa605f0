/**
 * The letters that `server.ts` and `shim/carrier.py` send each other.
 *
 * A letter is the length of its text and of its bytes, each in four bytes of
 * network order, then JSON, then the bytes of all that is bytes in it. What
 * JSON does not know stands in it as an object with one telling key:
 *
 * | key        | what it is                                                    |
 * | ---------- | ------------------------------------------------------------- |
 * | `bytes`    | immutable bytes: where they begin, and how many they are      |
 * | `buffer`   | the same of a buffer that the call may fill                   |
 * | `int`      | an integer beyond 2^53, in digits                             |
 * | `float`    | `nan`, `inf` or `-inf`                                        |
 * | `dict`     | a plain object                                                |
 * | `omitted`  | an argument that was left out, before one that was not        |
 * | `handle`   | an object that lives in Deno                                  |
 * | `foreign`  | an object that lives in Python                                |
 * | `error`    | an exception                                                  |
 *
 * @module
 */

/** A letter as it is read. */
export interface Letter {
  readonly text: Record<string, unknown>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads one letter, or null at the end. */
export async function readLetter(
  source: { read(target: Uint8Array): Promise<number | null> },
): Promise<Letter | null> {
  const head = await readWhole(source, 8);
  if (head === null) return null;
  const view = new DataView(head.buffer);
  const text = await readWhole(source, view.getUint32(0));
  const bytes = await readWhole(source, view.getUint32(4));
  if (text === null || bytes === null) return null;
  return { text: JSON.parse(decoder.decode(text)), bytes };
}

async function readWhole(
  source: { read(target: Uint8Array): Promise<number | null> },
  length: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const whole = new Uint8Array(length);
  for (let end = 0; end < length;) {
    const count = await source.read(whole.subarray(end));
    if (count === null) return null;
    end += count;
  }
  return whole;
}

/** Makes a letter of its text and of the bytes that belong to it. */
export function makeLetter(
  text: unknown,
  pieces: readonly Uint8Array[],
): Uint8Array {
  const body = encoder.encode(JSON.stringify(text));
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const letter = new Uint8Array(8 + body.length + size);
  const view = new DataView(letter.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, size);
  letter.set(body, 8);
  let end = 8 + body.length;
  for (const piece of pieces) {
    letter.set(piece, end);
    end += piece.length;
  }
  return letter;
}

/** Gathers the bytes of a letter that is being made. */
export class Pieces {
  readonly list: Uint8Array[] = [];
  #size = 0;

  /** Where the bytes will stand in the letter, and how many they are. */
  add(bytes: Uint8Array): [start: number, length: number] {
    const start = this.#size;
    this.list.push(bytes);
    this.#size += bytes.length;
    return [start, bytes.length];
  }
}
