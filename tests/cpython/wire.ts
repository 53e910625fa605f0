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

/** Reads letters. */
export class LetterReader {
  readonly #source: Source;
  /** What has been read, from here to there, and not been asked for. */
  #buffer = new Uint8Array(1 << 16);
  #start = 0;
  #end = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** One letter, or null at the end. */
  async read(): Promise<Letter | null> {
    const head = await this.#take(8);
    if (head === null) return null;
    const view = new DataView(head.buffer);
    const text = await this.#take(view.getUint32(0));
    const bytes = await this.#take(view.getUint32(4));
    if (text === null || bytes === null) return null;
    return { text: JSON.parse(decoder.decode(text)), bytes };
  }

  async #take(length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const whole = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (this.#start === this.#end) {
        const count = await this.#source.read(this.#buffer);
        if (count === null) return null;
        this.#start = 0;
        this.#end = count;
      }
      const end = Math.min(this.#end, this.#start + length - filled);
      const piece = this.#buffer.subarray(this.#start, end);
      whole.set(piece, filled);
      filled += piece.length;
      this.#start = end;
    }
    return whole;
  }
}

/** What can be read, such as `Deno.stdin`. */
interface Source {
  read(target: Uint8Array): Promise<number | null>;
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
