/**
 * A little of Python: enough to run, on this package, the lines that CPython runs
 * beside it. A line is an expression or `name = expression`; an error is a value.
 */

import * as socket from "../mod.ts";

/** What a name stands for; a function gets its arguments. */
export type Scope = Map<string, unknown>;

const TOKEN_REGEXP =
  /\s*(b?'(?:[^'\\]|\\.)*'|\d+\.\d*|\.\d+|\d+|\w+|==|[()[\],.|*=-])/y;

/** A tuple or list, which are one to these lines. */
type List = unknown[];

/** Runs one line, and says what it came to in Python's words. */
export async function runLine(line: string, scope: Scope): Promise<string> {
  const [, name, expression = line] = /^(\w+) = (.*)$/.exec(line) ?? [];
  try {
    const value = await new Expression(expression, scope).evaluate();
    if (name !== undefined) scope.set(name, value);
    return name === undefined ? repr(value) : "";
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name}: ${error.message}`;
  }
}

/** One expression, evaluated while it is read. */
class Expression {
  readonly #tokens: string[] = [];
  readonly #scope: Scope;
  #place = 0;

  constructor(text: string, scope: Scope) {
    this.#scope = scope;
    TOKEN_REGEXP.lastIndex = 0;
    while (TOKEN_REGEXP.lastIndex < text.trimEnd().length) {
      const token = TOKEN_REGEXP.exec(text)?.[1];
      if (token === undefined) throw new SyntaxError(`cannot read ${text}`);
      this.#tokens.push(token);
    }
  }

  async evaluate(): Promise<unknown> {
    const value = await this.#sum();
    if (this.#place < this.#tokens.length) {
      throw new SyntaxError(`unexpected ${this.#tokens[this.#place]}`);
    }
    return value;
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#place] !== token) return false;
    this.#place++;
    return true;
  }

  async #sum(): Promise<unknown> {
    let value = await this.#product();
    while (true) {
      if (this.#accept("|")) {
        value = Number(value) | Number(await this.#product());
      } else if (this.#accept("==")) {
        value = repr(value) === repr(await this.#product());
      } else return value;
    }
  }

  async #product(): Promise<unknown> {
    const value = await this.#term();
    if (!this.#accept("*")) return value;
    const count = Number(await this.#term());
    const bytes = value as Uint8Array;
    const product = new Uint8Array(bytes.length * count);
    for (let i = 0; i < product.length; i++) {
      product[i] = bytes[i % bytes.length] ?? 0;
    }
    return product;
  }

  async #term(): Promise<unknown> {
    let value = await this.#atom();
    while (true) {
      if (this.#accept(".")) {
        const name = this.#tokens[this.#place++] ?? "";
        const owner = value as Record<string, unknown>;
        const member = owner[name];
        if (typeof member !== "function") value = member;
        else if (this.#accept("(")) {
          value = await member.apply(owner, await this.#list(")"));
        } else value = member.bind(owner);
      } else if (this.#accept("[")) {
        const [index] = await this.#list("]");
        value = (value as List).at(Number(index));
      } else if (this.#accept("(")) {
        const args = await this.#list(")");
        value = await (value as (...args: unknown[]) => unknown)(...args);
      } else return value;
    }
  }

  async #list(end: string): Promise<List> {
    const items: List = [];
    while (!this.#accept(end)) {
      items.push(await this.#sum());
      this.#accept(",");
    }
    return items;
  }

  async #atom(): Promise<unknown> {
    const token = this.#tokens[this.#place++] ?? "";
    if (token === "(") {
      const isTuple = this.#tokens.slice(this.#place).includes(",");
      const items = await this.#list(")");
      return items.length === 1 && !isTuple ? items[0] : items;
    }
    if (token === "[") return await this.#list("]");
    if (token === "-") return -Number(await this.#atom());
    if (token.startsWith("'")) return unescape(token.slice(1, -1));
    if (token.startsWith("b'")) return unescapeBytes(token.slice(2, -1));
    if (/^[\d.]/.test(token)) return Number(token);
    if (token === "None") return null;
    if (token === "True" || token === "False") return token === "True";
    if (this.#scope.has(token)) return this.#scope.get(token);
    if (token in socket) return (socket as Record<string, unknown>)[token];
    throw new SyntaxError(`name ${token} is not defined`);
  }
}

function unescape(text: string): string {
  return text.replaceAll(
    /\\(?:x(..)|0|(.))/g,
    (_, hex, other) => other ?? String.fromCharCode(parseInt(hex ?? "0", 16)),
  );
}

function unescapeBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(unescape(text), (each) => each.charCodeAt(0));
}

/** Python's `repr()` of what calls return; long bytes are told by their length. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return `'${value.replaceAll("\0", "\\x00")}'`;
  if (Array.isArray(value)) return `(${value.map(repr).join(", ")})`;
  if (value instanceof Uint8Array) {
    if (value.length > 40) return `<${value.length} bytes>`;
    const text = [...value].map((byte) =>
      byte >= 32 && byte < 127
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, "0")}`
    );
    return `b'${text.join("")}'`;
  }
  return String(value);
}
