/**
 * Types for the `@std/cli` modules that `setup.ts` takes from npm, where they
 * come without any. `setup.ts` cuts this file at the `// ----` lines, one piece
 * for each module, so a piece must not use a name from another one.
 */

// deno-lint-ignore-file no-explicit-any ban-types

// ---- parse_args.js

/** One name or several. */
type Names<T extends string> = T | readonly T[];

/** The aliases of a name: `{ port: "p" }` or `{ port: ["p", "P"] }`. */
type AliasMap = Record<string, string | readonly string[]>;

/** What `parseArgs()` is told about the arguments. */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  N extends string = string,
  D extends Record<string, unknown> | undefined =
    | Record<string, unknown>
    | undefined,
  A extends AliasMap | undefined = AliasMap | undefined,
  Dash extends boolean | undefined = boolean | undefined,
> {
  "--"?: Dash;
  alias?: A;
  boolean?: boolean | Names<B>;
  collect?: Names<C>;
  default?: D;
  negatable?: Names<N>;
  stopEarly?: boolean;
  string?: Names<S>;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The names in `T` together with every alias of theirs, in both directions. */
type WithAliases<T extends string, A> = A extends AliasMap
  ? T | { [K in keyof A & string]: SameFlag<K, A[K], T> }[keyof A & string]
  : T;
type SameFlag<K extends string, V, T extends string> =
  [Extract<K | Listed<V>, T>] extends [never] ? never : K | Listed<V>;
type Listed<V> = V extends readonly (infer E extends string)[] ? E
  : V extends string ? V
  : never;

/** What one value of a flag is, before `collect` and `default`. */
type FlagValue<
  K extends string,
  B extends string,
  S extends string,
  N extends string,
> = K extends B ? boolean
  : K extends S ? string | (K extends N ? false : never)
  : unknown;

/** The flags that are always there: booleans are false, collections empty. */
type SureFlags<
  B extends string,
  S extends string,
  C extends string,
  N extends string,
> =
  & { [K in Exclude<B, C>]: boolean }
  & { [K in C]: FlagValue<K, B, S, N>[] };

/** The flags that are there only when given. */
type PerhapsFlags<
  B extends string,
  S extends string,
  C extends string,
  N extends string,
> = { [K in Exclude<S, B | C>]?: FlagValue<K, B, S, N> };

/** A flag with a default is always there, as its own type or the default's. */
type WithDefaults<F, D> = D extends Record<string, unknown> ?
    & Omit<F, keyof D>
    & {
      [K in keyof D]: K extends keyof F ? Exclude<F[K], undefined> | D[K]
        : unknown;
    }
  : F;

/** Shows an intersection as one plain object type. */
type Flat<T> = { [K in keyof T]: T[K] };

/** What comes of the command line, `_` and `--` included. */
type ParsedArgs<
  B extends string,
  S extends string,
  C extends string,
  N extends string,
  D,
  Dash,
> =
  & Flat<
    & ([B | S | C] extends [never] ? { [name: string]: any }
      : WithDefaults<
        SureFlags<B, S, C, N> & PerhapsFlags<B, S, C, N>,
        D
      >)
    & { _: (string | number)[] }
    & (Dash extends true ? { "--": string[] } : {})
  >
  & { [name: string]: unknown };

export function parseArgs<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  N extends string = never,
  D extends Record<string, unknown> | undefined = undefined,
  const A extends AliasMap | undefined = undefined,
  Dash extends boolean | undefined = undefined,
>(
  args: string[],
  options?: ParseOptions<B, S, C, N, D, A, Dash>,
): ParsedArgs<
  WithAliases<B, A>,
  Exclude<WithAliases<S, A>, "_">,
  WithAliases<C, A>,
  WithAliases<N, A>,
  D,
  Dash
>;

// ---- prompt_secret.js
export interface PromptSecretOptions {
  mask?: string;
  clear?: boolean;
}
export function promptSecret(
  message?: string,
  options?: PromptSecretOptions,
): string | null;

// ---- unicode_width.js

/** The columns that a text takes in a terminal. */
export function unicodeWidth(str: string): number;
