/**
 * What the demos draw with: sockets as lanes side by side, and what passes
 * between them, from top to bottom.
 *
 * @module
 */

/** Columns of a lane: three of them fit into 80. */
const LANE_WIDTH = 26;

/** A character that takes two columns of a terminal. */
const WIDE_REGEXP =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\u3000-\u303f\uff01-\uff60\p{Emoji_Presentation}]/u;

/** A drawing that grows by one row with each event. */
export class Lanes {
  readonly #names: readonly string[];
  readonly #rows: string[];
  readonly #open = new Set<string>();

  /** Names the lanes, from left to right. None is open yet. */
  constructor(...names: string[]) {
    this.#names = names;
    this.#rows = [names.map(pad).join("")];
  }

  /** Something that happens in one lane, which is open from now on. */
  at(lane: string, text: string): void {
    this.#open.add(lane);
    const cells = this.#names.map((name) => this.#cell(name, lane, text));
    this.#rows.push(cells.map(pad).join(""));
  }

  /**
   * Something that goes from one lane to another. That one need not be open yet;
   * a dot then stands for it, unless `arrival` says what happens there.
   */
  arrow(from: string, text: string, to: string, arrival = ""): void {
    this.#open.add(from);
    if (arrival !== "") this.#open.add(to);
    const [start, end] = [this.#names.indexOf(from), this.#names.indexOf(to)];
    const cells = this.#names.map((name) =>
      name === to ? this.#cell(name, to, arrival) : this.#cell(name, from, text)
    );
    if (!this.#open.has(to)) cells[end] = ".";
    const [left, right] = [Math.min(start, end), Math.max(start, end)];
    const tail = `${cells[left]} `;
    const gap = (right - left) * LANE_WIDTH - displayWidth(tail) - 1;
    const line = "-".repeat(Math.max(0, gap));
    this.#rows.push([
      ...cells.slice(0, left).map(pad),
      tail + (start < end ? `${line}>` : `<${line}`),
      ...cells.slice(right).map(pad),
    ].join(""));
  }

  /** What a row shows of a lane: its line, and the text if it is that lane's. */
  #cell(name: string, lane: string, text: string): string {
    const mark = this.#open.has(name) ? "|" : " ";
    return name === lane && text !== "" ? `${mark} ${text}` : mark;
  }

  /** The drawing. */
  toString(): string {
    return this.#rows.map((row) => `  ${row.trimEnd()}`).join("\n");
  }
}

function pad(text: string): string {
  return text + " ".repeat(Math.max(0, LANE_WIDTH - displayWidth(text)));
}

function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE_REGEXP.test(character) ? 2 : 1;
  return width;
}

/** Prints what a call came to, below the sentence that it belongs to. */
export function show(call: string, result: unknown): void {
  console.log(`   ${call.padEnd(24)} ${result}`);
}

/** The failure that a call is here to show; one that succeeds is a bug. */
export async function failureOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return String(error);
  }
  throw new TypeError("The call was to fail and has not");
}
