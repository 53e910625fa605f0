/**
 * Progress of work that takes a while, for whoever sits at a terminal.
 *
 * @module
 */

/** Columns of the bar. */
const WIDTH = 24;

/**
 * Shows on standard error how much of `total` is done. Without a terminal it
 * shows nothing; at the end the line is gone again.
 */
export class Progress implements Disposable {
  readonly #text: string;
  readonly #total: number;
  #isShown = false;
  #columns = -1;

  /** `text` says what takes so long. */
  constructor(text: string, total: number) {
    this.#text = text;
    this.#total = total;
  }

  /** Says how much is done by now. */
  report(done: number): void {
    const columns = Math.floor(WIDTH * done / this.#total);
    if (columns === this.#columns || !Deno.stderr.isTerminal()) return;
    this.#columns = columns;
    this.#isShown = true;
    const bar = "#".repeat(columns) + ".".repeat(WIDTH - columns);
    write(`\r   [${bar}] ${this.#text}`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    // To the start of the line, and erase what stands there.
    if (this.#isShown) write("\r\x1b[K");
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
