/**
 * Runs CPython 3.11's own tests of `socket`, unmodified, against `mod.ts`.
 *
 * ```
 * deno task cpython [--update] [--python PATH] [CLASS | CLASS.TEST]...
 * ```
 *
 * Each class of tests gets a Python process and a Deno process of its own. What
 * does not pass is run with CPython's own `socket` too: only where CPython skips
 * or fails as well, on this machine, is that no failure of ours.
 *
 * The exit code tells whether everything passes that `results.json` says does;
 * `--update` writes that file.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { join } from "node:path";
import { whyNotApplicable } from "./not_applicable.ts";
import { type Case, findPython, listCases, runCases } from "./worker.ts";

const RESULTS = join(import.meta.dirname!, "results.json");
/** As many classes at a time. */
const WORKERS = 2;

/** What became of a case in the end. */
interface Verdict extends Case {
  readonly kind: "passed" | "failed" | "not applicable" | "not here";
  /** The traceback, or the reason. */
  readonly why: string;
}

/** What `results.json` holds: "passed", "failed", or why a case does not count. */
type Results = Record<string, string>;

async function main(): Promise<number> {
  const { _: selection, update, python: given } = parseArgs(Deno.args, {
    boolean: ["update"],
    string: ["python", "_"],
  });
  const python = await findPython(given);
  if (python === undefined) {
    console.error(
      "No Python 3.11 with the tests of CPython is here. On Debian they come " +
        "with the package libpython3.11-testsuite. Another interpreter that " +
        "has the module test.test_socket: --python PATH.",
    );
    return 1;
  }
  const cases = (await listCases(python)).filter(({ name }) =>
    selection.length === 0 ||
    selection.some((each) => name === each || name.startsWith(`${each}.`))
  );
  const groups = Map.groupBy(cases, ({ name }) => name.split(".")[0]!);
  const recorded: Results = JSON.parse(await Deno.readTextFile(RESULTS));
  const verdicts: Verdict[] = [];
  const queue = [...groups.values()];
  const worker = async () => {
    while (true) {
      const group = queue.shift();
      if (group === undefined) return;
      const found = await judge(python, group);
      console.log(`${group[0]!.name.split(".")[0]}: ${count(found)}`);
      for (const each of found) {
        if (each.kind !== "failed") continue;
        const isNews = recorded[each.name] === "passed" || selection.length > 0;
        console.log(`  ${each.name} failed${isNews ? `:\n${each.why}` : ""}`);
      }
      verdicts.push(...found);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return await conclude(verdicts, recorded, update);
}

/** Runs the cases of a class, on CPython too where they do not pass. */
async function judge(
  python: string,
  cases: readonly Case[],
): Promise<Verdict[]> {
  const reasons = new Map(cases.map(({ name, method }) => [
    name,
    whyNotApplicable(name, method),
  ]));
  const names = cases.map(({ name }) => name)
    .filter((name) => reasons.get(name) === undefined);
  const ours = await runCases(python, "deno", names);
  const theirs = await runCases(
    python,
    "cpython",
    names.filter((name) => ours.get(name)?.kind !== "passed"),
  );
  return cases.map((each) => {
    const reason = reasons.get(each.name);
    if (reason !== undefined) {
      return { ...each, kind: "not applicable", why: reason };
    }
    const [our, their] = [ours, theirs].map((all) => all.get(each.name));
    if (our?.kind === "passed") return { ...each, kind: "passed", why: "" };
    if (their?.kind === "passed") {
      const skipped = our?.kind === "skipped" ? "skipped, here only: " : "";
      return { ...each, kind: "failed", why: skipped + our?.why };
    }
    const why = their?.kind === "skipped"
      ? `CPython skips it: ${their.why}`
      : "CPython fails too";
    return { ...each, kind: "not here", why };
  });
}

/** Says what all came to, and whether that is no worse than it was. */
async function conclude(
  verdicts: readonly Verdict[],
  recorded: Results,
  update: boolean,
): Promise<number> {
  const results = Object.fromEntries(verdicts.map(({ name, kind, why }) => {
    const has = kind === "passed" || kind === "failed";
    return [name, has ? kind : `${kind}: ${why}`];
  }));
  const worse = verdicts.filter(({ name, kind }) =>
    kind === "failed" && recorded[name] === "passed"
  );
  const better = verdicts.filter(({ name, kind }) =>
    kind === "passed" && recorded[name] !== "passed"
  );
  if (update) {
    const all = Object.entries({ ...recorded, ...results });
    all.sort(([a], [b]) => a < b ? -1 : 1);
    const text = JSON.stringify(Object.fromEntries(all), null, 2);
    await Deno.writeTextFile(RESULTS, text + "\n");
  } else if (better.length > 0) {
    console.log(
      `${better.length} pass for the first time: record them with --update`,
    );
  }
  if (worse.length > 0) {
    console.log(
      `Passed before, and fail now: ${worse.map(({ name }) => name).join(" ")}`,
    );
  }
  const methods = [...Map.groupBy(verdicts, ({ method }) => method).values()];
  const failed = methods.filter((all) =>
    all.some(({ kind }) => kind === "failed")
  );
  const passed = methods.filter((all) =>
    !failed.includes(all) && all.some(({ kind }) => kind === "passed")
  );
  const rest = methods.length - failed.length - passed.length;
  const cases = verdicts.filter(({ kind }) => kind === "passed").length;
  console.log(
    `${passed.length} methods passed, ${failed.length} failed, ` +
      `${rest} not applicable; ${cases} cases passed`,
  );
  return worse.length === 0 || update ? 0 : 1;
}

function count(verdicts: readonly Verdict[]): string {
  return (["passed", "failed", "not applicable", "not here"] as const)
    .map((kind) => [kind, verdicts.filter((each) => each.kind === kind).length])
    .filter(([kind, n]) => n !== 0 || kind === "passed")
    .map(([kind, n]) => `${n} ${kind}`).join(", ");
}

Deno.exit(await main());
