/**
 * Somebody at a terminal, whom a demo plays: what is typed and what is shown.
 *
 * @module
 */

/** A person, a keyboard and a screen. */
export class Person {
  /** What the screen shows, by the line. */
  readonly screen: string[] = [];
  readonly #typed: string[] = [];
  #isAsked = false;
  #change = Promise.withResolvers<void>();

  /** Lines that are typed and that no program has read yet. */
  get unread(): readonly string[] {
    return this.#typed;
  }

  /** Types lines, whether a program waits for them or not. */
  type(...lines: string[]): void {
    this.#typed.push(...lines);
    this.#tell();
  }

  /** Waits for a line and reads it, as Python's `input()`. */
  async input(): Promise<string> {
    this.#isAsked = true;
    this.#tell();
    await this.#until(() => this.#typed.length > 0);
    this.#isAsked = false;
    return this.#typed.shift()!;
  }

  /** Shows a line, as Python's `print()`. */
  print(line: string): void {
    this.screen.push(line);
    this.#tell();
  }

  /** Waits until a program waits for this person, who has typed nothing. */
  async asked(): Promise<void> {
    await this.#until(() => this.#isAsked && this.#typed.length === 0);
  }

  /** Waits until the screen shows so many lines. */
  async sees(count: number): Promise<void> {
    await this.#until(() => this.screen.length >= count);
  }

  /** Looks again whenever something has changed. */
  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.#change.promise;
  }

  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
