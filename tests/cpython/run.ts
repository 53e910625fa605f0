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
  const all = await listCases(python);
  const cases = selection.length === 0
    ? all
    : all.filter(({ name }) =>
      selection.some((each) => name === each || name.startsWith(`${each}.`))
    );
  const recorded: Results = JSON.parse(await Deno.readTextFile(RESULTS));
  const hasPassed = ({ name }: Case) => recorded[name] === "passed";

  const verdicts = await judgeAll(python, cases, (each) => {
    const isAsked = hasPassed(each) || selection.length > 0;
    console.log(`  ${each.name} failed${isAsked ? `:\n${each.why}` : ""}`);
  });
  // A busy machine is no regression, nor is it a reason to be silent.
  for (const [i, each] of verdicts.entries()) {
    if (each.kind !== "failed" || !hasPassed(each)) continue;
    const [again = each] = await judge(python, [each]);
    if (again.kind === "passed") console.log(`${each.name} passed when alone`);
    verdicts[i] = again;
  }
  const worse = verdicts.filter((each) =>
    each.kind === "failed" && hasPassed(each)
  );
  const better = verdicts.filter((each) =>
    each.kind === "passed" && !hasPassed(each)
  );
  if (update) await record(verdicts, recorded);
  else if (better.length > 0) {
    console.log(`${better.length} pass now: record them with --update`);
  }
  for (const { name } of worse) console.log(`${name} passed before`);
  console.log(summarize(verdicts));
  return worse.length === 0 || update ? 0 : 1;
}

/** Runs cases, a few classes at a time, and says how each class fares. */
async function judgeAll(
  python: string,
  cases: readonly Case[],
  tellFailure: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const queue = [...Map.groupBy(cases, classOf)];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [name, group] = next;
      const found = await judge(python, group);
      console.log(`${name}: ${count(found)}`);
      found.filter(({ kind }) => kind === "failed").forEach(tellFailure);
      verdicts.push(...found);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return verdicts;
}

function classOf({ name }: Case): string {
  return name.slice(0, name.indexOf("."));
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

/** Writes `results.json`, with what it said of other cases. */
async function record(
  verdicts: readonly Verdict[],
  recorded: Results,
): Promise<void> {
  const results = { ...recorded };
  for (const { name, kind, why } of verdicts) {
    const needsReason = kind !== "passed" && kind !== "failed";
    results[name] = needsReason ? `${kind}: ${why}` : kind;
  }
  const sorted = Object.entries(results).sort(([a], [b]) => a < b ? -1 : 1);
  const text = JSON.stringify(Object.fromEntries(sorted), null, 2);
  await Deno.writeTextFile(RESULTS, text + "\n");
}

/** How many there are of each kind of verdict on the cases of a class. */
function count(verdicts: readonly Verdict[]): string {
  const kinds = ["passed", "failed", "not applicable", "not here"] as const;
  return kinds
    .map((kind) => [verdicts.filter((each) => each.kind === kind).length, kind])
    .filter(([number, kind]) => number !== 0 || kind === "passed")
    .map((words) => words.join(" "))
    .join(", ");
}

/** The last line: a method passes if it does in all classes that inherit it. */
function summarize(verdicts: readonly Verdict[]): string {
  const methods = [...Map.groupBy(verdicts, ({ method }) => method).values()];
  const has = (all: Verdict[], wanted: Verdict["kind"]) =>
    all.some(({ kind }) => kind === wanted);
  const failed = methods.filter((all) => has(all, "failed"));
  const passed = methods.filter((all) =>
    has(all, "passed") && !has(all, "failed")
  );
  const rest = methods.length - failed.length - passed.length;
  const cases = verdicts.filter(({ kind }) => kind === "passed");
  return `${passed.length} methods passed, ${failed.length} failed, ` +
    `${rest} not applicable; ${cases.length} cases passed`;
}

Deno.exit(await main());
