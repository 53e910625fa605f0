/**
 * What the demos draw with: lanes, boxes and gauges. A drawing is plain text in
 * which wide (Chinese) characters line up; at a terminal it may have colors.
 *
 * @module
 */

import { unicodeWidth } from "@std/cli/unicode-width";
import { styleText } from "node:util";

/** Columns of a lane: three of them fit into 80. */
const LANE_WIDTH = 26;

/** A drawing that grows by one row with each event. */
export class Lanes {
  readonly #names: readonly string[];
  readonly #rows: string[];
  readonly #open = new Set<string>();

  /** Names the lanes, from left to right. None is open yet. */
  constructor(...names: string[]) {
    this.#names = names;
    this.#rows = [names.map(fitLane).join("")];
  }

  /** Something that happens in one lane, which is open from now on. */
  at(lane: string, text: string): void {
    this.#open.add(lane);
    const cells = this.#names.map((name) => this.#cell(name, lane, text));
    this.#rows.push(cells.map(fitLane).join(""));
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
    const gap = (right - left) * LANE_WIDTH - unicodeWidth(tail) - 1;
    const line = "-".repeat(Math.max(0, gap));
    this.#rows.push([
      ...cells.slice(0, left).map(fitLane),
      tail + (start < end ? `${line}>` : `<${line}`),
      ...cells.slice(right).map(fitLane),
    ].join(""));
  }

  /** What a row shows of a lane: its line, and the text if it is that lane's. */
  #cell(name: string, lane: string, text: string): string {
    const mark = this.#open.has(name) ? "|" : " ";
    return name === lane && text !== "" ? `${mark} ${text}` : mark;
  }

  /** Draws them all. */
  toString(): string {
    return this.#rows.map((row) => `  ${row.trimEnd()}`).join("\n");
  }
}

function fitLane(text: string): string {
  return pad(text, LANE_WIDTH);
}

/** Fills a text with spaces up to so many columns. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - unicodeWidth(text)));
}

/**
 * Draws boxes side by side, one for each column of `rows`:
 *
 * ```text
 * +----------+----------+
 * | e4 bd a0 | e5 a5 bd |
 * | 你       | 好       |
 * +----------+----------+
 * ```
 *
 * A row may be shorter than others: its last boxes stay empty there.
 */
export function drawBoxes(...rows: (readonly string[])[]): string {
  const count = Math.max(...rows.map((row) => row.length));
  const columns = Array.from(
    { length: count },
    (_, i) => Math.max(...rows.map((row) => unicodeWidth(row[i] ?? ""))),
  );
  const border = `+${columns.map((n) => "-".repeat(n + 2)).join("+")}+`;
  const lines = rows.map((row) =>
    `|${columns.map((n, i) => ` ${pad(row[i] ?? "", n)} `).join("|")}|`
  );
  return [border, ...lines, border].map((line) => `   ${line}`).join("\n");
}

/** How long each piece is, and what stands in it, in one line or several. */
export type Pieces = readonly (readonly [size: number, text: string])[];

/**
 * Draws how one whole is cut, and cut again: rows of pieces, all to the same
 * scale of so many columns for a length of 1.
 *
 * ```text
 * +--------------+--------------+
 * | e4   bd   a0 | e5   a5   bd |
 * | 你           | 好           |
 * +--------------+----+---------+
 * | recv: 4 bytes     | 2 bytes |
 * +-------------------+---------+
 * ```
 */
export function drawPieces(scale: number, ...rows: Pieces[]): string {
  const cuts = rows.map((pieces) => {
    let end = 0;
    return [0, ...pieces.map(([size]) => Math.round(scale * (end += size)))];
  });
  const lines = rows.flatMap((pieces, i) => [
    drawBorder([...cuts[i]!, ...cuts[i - 1] ?? []]),
    ...drawRow(pieces, cuts[i]!),
  ]);
  return [...lines, drawBorder(cuts.at(-1) ?? [])]
    .map((line) => `   ${line}`).join("\n");
}

function drawBorder(cuts: readonly number[]): string {
  const length = Math.max(0, ...cuts) + 1;
  return Array.from({ length }, (_, i) => cuts.includes(i) ? "+" : "-")
    .join("");
}

function drawRow(pieces: Pieces, cuts: readonly number[]): string[] {
  const texts = pieces.map(([, text]) => text.split("\n"));
  const length = Math.max(...texts.map((lines) => lines.length));
  return Array.from(
    { length },
    (_, row) =>
      `|${
        texts.map((lines, i) =>
          `${pad(` ${lines[row] ?? ""}`, cuts[i + 1]! - cuts[i]! - 1)}|`
        ).join("")
      }`,
  );
}

/** Columns of a gauge. */
const GAUGE_WIDTH = 30;

/** Draws how full something is: `[##########....................]`. */
export function drawGauge(used: number, size: number): string {
  const part = Math.min(1, used / size);
  // What is not empty shows, be it ever so little.
  const filled = used > 0 ? Math.max(1, Math.round(part * GAUGE_WIDTH)) : 0;
  return `[${"#".repeat(filled)}${".".repeat(GAUGE_WIDTH - filled)}]`;
}

/** Colors a text where the reader's terminal shows colors, and only there. */
export function paint(color: "green" | "red" | "gray", text: string): string {
  const isColored = Deno.stdout.isTerminal() && !Deno.noColor;
  return isColored ? styleText(color, text, { validateStream: false }) : text;
}
