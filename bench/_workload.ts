/** What a workload is, and the commonest kind: two programs, one connection. */

import { Program } from "./_programs.ts";

/** Something to be measured. */
export interface Workload {
  /** By which it is chosen on the command line. */
  readonly name: string;
  /** What is sent, and by whom. */
  readonly title: string;
  /** Of what `measure` returns. */
  readonly unit: string;
  readonly isMoreBetter: boolean;
  /** Who takes part; a name may be followed by a variant: `pysocket watched`. */
  readonly contenders: readonly string[];
  /** Runs it once. */
  measure(contender: string): Promise<number>;
}

/** Two programs, of which one listens and the other takes the time. */
export interface Pair {
  /** Who plays the end that listens: the contender itself unless named. */
  readonly listener: { readonly role: string; readonly by?: string };
  readonly connector: { readonly role: string; readonly by?: string };
  readonly size: number;
  readonly count: number;
  /** Whether they meet at a path. */
  readonly isUnix?: boolean;
  /** The kind of program, if it is not the contender's usual one: `files`. */
  readonly kind?: string;
  /** More arguments for the connector. */
  readonly more?: readonly number[];
}

/** Runs the two once, and returns the seconds. */
export async function runPair(contender: string, pair: Pair): Promise<number> {
  const { listener, connector, size, count, kind, more = [] } = pair;
  const [, name = "", variant] =
    contender.match(/^(.*?)(?: (timeout|watched))?$/) ?? [];
  const own = kind === undefined ? name : `${name} ${kind}`;
  const variants = variant === undefined ? [] : [variant];
  const folder = pair.isUnix ? await Deno.makeTempDir() : undefined;
  const address = folder === undefined ? "0" : `${folder}/socket`;
  try {
    await using first = new Program(
      listener.by ?? own,
      [listener.role, address, size, count, ...variants],
    );
    const role = connector.role === "" ? [] : [connector.role];
    await using second = new Program(
      connector.by ?? own,
      [...role, await first.line(), size, count, ...more, ...variants],
    );
    const seconds = Number(await second.line());
    await second.end();
    return seconds;
  } finally {
    if (folder !== undefined) await Deno.remove(folder, { recursive: true });
  }
}
