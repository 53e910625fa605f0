/**
 * The Deno end of the bridge: runs `mod.ts` for a Python program.
 *
 * It reads calls from stdin and writes what came of them to stdout, as `wire.ts`
 * says, as many at a time as there are threads over there. It knows nothing of
 * sockets: it tells at the start what the modules export, and then calls what it
 * is told to.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import * as socket from "../../mod.ts";
import * as descriptors from "./descriptors.ts";
import { type Letter, LetterReader, makeLetter, Pieces } from "./wire.ts";

/** Objects of ours that Python holds, by number. */
const objects = new Map<number, object>();
const handles = new WeakMap<object, number>();
/** Classes that Python has been told of, by number. */
const classes = new Map<object, number>();
/** Objects that live in Python, by Python's number for them, and the reverse. */
const foreigners = new Map<number, object>();
const foreignIds = new WeakMap<object, number>();
/** What Python has yet to answer. */
const questions = new Map<number, (answer: Letter) => void>();
/** The call that is being served, so that questions go to the thread behind it. */
const currentCall = new AsyncLocalStorage<number>();
let lastHandle = 0;
let lastQuestion = 0;
let sending = Promise.resolve();

function send(text: unknown, pieces = new Pieces()): void {
  const letter = makeLetter(text, pieces.list);
  sending = sending.then(async () => {
    for (let sent = 0; sent < letter.length;) {
      sent += await Deno.stdout.write(letter.subarray(sent));
    }
  });
}

/** The first letter: what each module exports. */
async function introduce(): Promise<unknown> {
  const modules: Record<string, object> = { socket, descriptors };
  for (const name of ["select", "selectors"]) {
    const url = new URL(`../../src/${name}.ts`, import.meta.url);
    const isThere = await Deno.stat(url).then(() => true, () => false);
    if (isThere) modules[name] = await import(url.href);
  }
  const entries = Object.entries(modules).map(([name, module]) => {
    const exports = Object.entries(module)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, describeExport(value)]);
    return [name, {
      handle: handleOf(module),
      exports: Object.fromEntries(exports),
    }];
  });
  return { modules: Object.fromEntries(entries) };
}

function describeExport(value: unknown): unknown {
  if (isClass(value)) return { class: describeClass(value.prototype) };
  if (typeof value === "function") return { function: value.name };
  return { value: encode(value, new Pieces()) };
}

// deno-lint-ignore ban-types
function isClass(value: unknown): value is Function {
  return typeof value === "function" && /^class\b/.test(value.toString());
}

/** A class's names, from its own to its last ancestor's, and what it has. */
function describeClass(first: object): unknown {
  const names: string[] = [];
  const methods = new Set<string>();
  const getters = new Set<string>();
  let prototype = first;
  while (prototype !== null && prototype !== Object.prototype) {
    // The prototypes of generators have constructors that are no functions.
    names.push(prototype.constructor.name ?? "");
    for (const key of Reflect.ownKeys(prototype)) {
      if (key === "constructor") continue;
      const property = Object.getOwnPropertyDescriptor(prototype, key);
      const name = nameOfKey(key);
      if (property?.get) getters.add(name);
      else if (typeof property?.value === "function") methods.add(name);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  const id = classes.get(first) ?? classes.size + 1;
  classes.set(first, id);
  return { id, names, methods: [...methods], getters: [...getters] };
}

function nameOfKey(key: PropertyKey): string {
  return typeof key === "symbol" ? `@@${key.description}` : String(key);
}

function keyOfName(name: string): PropertyKey {
  const [, symbol] = /^@@Symbol\.(\w+)$/.exec(name) ?? [];
  if (symbol === undefined) return name;
  return Reflect.get(Symbol, symbol) as symbol;
}

function receive(letter: Letter): void {
  const { text } = letter;
  if ("answer" in text) {
    const id = text["answer"] as number;
    questions.get(id)?.(letter);
    questions.delete(id);
  } else if ("drop" in text) {
    objects.delete(text["drop"] as number);
  } else {
    currentCall.run(text["id"] as number, () => void serve(letter));
  }
}

async function serve({ text, bytes }: Letter): Promise<void> {
  const { id, target, name, how } = text;
  const pieces = new Pieces();
  const reply: Record<string, unknown> = { id };
  const buffers: Uint8Array[] = [];
  try {
    const object = objects.get(target as number);
    if (object === undefined) throw new Error(`there is no object ${target}`);
    const key = keyOfName(name as string);
    const args = (text["args"] as unknown[])
      .map((each) => decode(each, bytes, buffers));
    reply["result"] = encode(await act(object, key, how, args), pieces);
  } catch (error) {
    reply["error"] = encodeError(error, pieces);
  }
  if (buffers.length > 0) {
    reply["buffers"] = buffers.map((each) => pieces.add(each));
  }
  send(reply, pieces);
}

function act(
  object: object,
  key: PropertyKey,
  how: unknown,
  args: unknown[],
): unknown {
  if (how === "get") return Reflect.get(object, key);
  if (how === "set") return Reflect.set(object, key, args[0]);
  const callee = Reflect.get(object, key);
  if (how === "new") return Reflect.construct(callee, args);
  if (typeof callee !== "function") {
    throw new Error(`${nameOfKey(key)} is not there to be called`);
  }
  return Reflect.apply(callee, object, args);
}

// ## From Python

function decode(
  value: unknown,
  bytes: Uint8Array<ArrayBuffer>,
  buffers: Uint8Array[],
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((each) => decode(each, bytes, buffers));
  }
  const [[kind, content]] = Object.entries(value) as [[string, never]];
  switch (kind) {
    case "bytes":
    case "buffer": {
      const [start, length] = content as [number, number];
      const view = bytes.slice(start, start + length);
      if (kind === "buffer") buffers.push(view);
      return view;
    }
    case "int":
      return BigInt(content);
    case "float":
      return { nan: NaN, inf: Infinity, "-inf": -Infinity }[content as string];
    case "omitted":
      return undefined;
    case "dict":
      return Object.fromEntries(
        Object.entries(content).map(([key, each]) => [
          key,
          decode(each, bytes, buffers),
        ]),
      );
    case "handle":
      return objects.get(content);
    case "foreign":
      return foreigner(content);
  }
  throw new Error(`Python sent a "${kind}"`);
}

/** What Python tells of an object that stays there. */
interface Foreign {
  readonly id: number;
  /** The name of its type, as messages show it. */
  readonly type: string;
  readonly methods: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Methods of which it is known what they return. */
  readonly constants: Readonly<Record<string, unknown>>;
}

/** An object whose methods ask Python. */
function foreigner(stranger: Foreign): object {
  const { id, type, methods, attributes, constants } = stranger;
  const known = foreigners.get(id);
  const { [type]: Stranger } = { [type]: class {} };
  const object: object = known ?? new Stranger!();
  const define = (name: string, value: unknown) =>
    Object.defineProperty(object, name, { value, configurable: true });
  for (const [name, value] of Object.entries(attributes)) {
    define(name, decode(value, new Uint8Array(), []));
  }
  for (const [name, value] of Object.entries(constants)) {
    define(name, () => decode(value, new Uint8Array(), []));
  }
  for (const name of methods) {
    define(name, (...args: unknown[]) => ask(id, name, args));
  }
  foreigners.set(id, object);
  foreignIds.set(object, id);
  return object;
}

/** Calls a method of an object of Python's, in the thread that waits for us. */
async function ask(
  foreign: number,
  name: string,
  args: unknown[],
): Promise<unknown> {
  const call = currentCall.getStore();
  const question = ++lastQuestion;
  const pieces = new Pieces();
  const encoded = args.map((each) => encode(each, pieces));
  const { text, bytes } = await new Promise<Letter>((resolve) => {
    questions.set(question, resolve);
    send({ id: call, question, foreign, name, args: encoded }, pieces);
  });
  // What Python's object has written into our arrays.
  const arrays = args.filter((each) => each instanceof Uint8Array);
  for (const [i, place] of (text["buffers"] as [number, number][]).entries()) {
    const [start, length] = place;
    arrays[i]?.set(bytes.subarray(start, start + length));
  }
  if ("error" in text) throw new PythonError(text["error"] as number);
  return decode(text["result"], bytes, []);
}

/** An exception of Python's on its way through Deno. */
class PythonError extends Error {
  constructor(readonly id: number) {
    super("an exception of Python's");
  }
}

// ## To Python

function encode(value: unknown, pieces: Pieces): unknown {
  switch (typeof value) {
    case "undefined":
      return null;
    case "bigint":
      return { int: String(value) };
    case "number":
      if (Number.isFinite(value)) return value;
      return {
        float: Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf",
      };
    case "boolean":
    case "string":
      return value;
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return { bytes: pieces.add(value) };
  if (Array.isArray(value)) return value.map((each) => encode(each, pieces));
  if (value instanceof Error) return { error: encodeError(value, pieces) };
  const object = value as object;
  const foreign = foreignIds.get(object);
  if (foreign !== undefined) return { foreign };
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) {
    const entries = Object.entries(object)
      .map(([key, each]) => [key, encode(each, pieces)]);
    return { dict: Object.fromEntries(entries) };
  }
  return {
    handle: handleOf(object),
    class: classes.get(prototype) ?? describeClass(prototype),
    fields: Object.keys(object),
  };
}

function handleOf(object: object): number {
  const known = handles.get(object);
  const handle = known ?? ++lastHandle;
  // An object that Python had let go of may come again.
  objects.set(handle, object);
  handles.set(object, handle);
  return handle;
}

function encodeError(error: unknown, pieces: Pieces): unknown {
  if (error instanceof PythonError) return { python: error.id };
  if (!(error instanceof Error)) return { names: [], text: String(error) };
  const names: string[] = [];
  let prototype = Object.getPrototypeOf(error);
  while (prototype !== null && prototype !== Object.prototype) {
    names.push(prototype.constructor.name);
    prototype = Object.getPrototypeOf(prototype);
  }
  return {
    names,
    text: error.message,
    stack: error.stack,
    args: encode(argumentsOf(error), pieces),
    errno: encode(Reflect.get(error, "errno"), pieces),
    exceptions: encode(Reflect.get(error, "exceptions"), pieces),
  };
}

/** What Python makes the same error of. */
function argumentsOf(error: Error): unknown {
  if ("args" in error) return error.args;
  const names = ["encoding", "object", "start", "end", "reason"];
  const isOfUnicode = names.every((name) => name in error);
  return isOfUnicode
    ? names.map((name) => Reflect.get(error, name))
    : [error.message];
}

if (import.meta.main) {
  // Nothing but letters on stdout.
  console.log = console.info = console.debug = console.error;
  send(await introduce());
  const reader = new LetterReader(Deno.stdin);
  while (true) {
    const letter = await reader.read();
    if (letter === null) break;
    receive(letter);
  }
  Deno.exit(0);
}
