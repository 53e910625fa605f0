/**
 * The same calls on CPython's sockets and on ours: class, errno and words of
 * every error, and every value, are measured here and not written down.
 */

import { assert, assertEquals } from "@std/assert";
import { AF_UNIX } from "../mod.ts";
import { NO_IPV6 } from "./_pairs.ts";
import { pipe } from "./_python.ts";
import { run } from "./_rows.ts";
import {
  type Call,
  moduleCalls,
  type Script,
  states,
  type Value,
  wrongArguments,
} from "./_scripts.ts";

/** The Python whose words are ours: other versions have a few others. */
const ONLY = "3.11 on linux";

/**
 * So often a script is tried. A busy machine can let a call that may not wait
 * miss what the kernel has got a moment ago, but hardly every time.
 */
const TRIES = 4;

interface Difference {
  readonly script: Script;
  /** The calls of the script up to this one. */
  readonly calls: readonly Call[];
  readonly method: string;
  readonly theirs: Value;
  readonly ours: Value;
}

/** A difference that the design wants, with the reason. */
interface Wanted {
  readonly reason: string;
  readonly isIt: (difference: Difference) => boolean;
  /** Whether only some kernels, or some releases of CPython 3.11, show it. */
  readonly isRare?: boolean;
}

/** CPython 3.11.2 still said of infinity what it says of a large integer. */
const WANTED_EVERYWHERE: Wanted = {
  reason: "A later CPython 3.11 has other words for an infinite timeout.",
  isIt: ({ theirs, ours }) =>
    /too large to convert to C _PyTime_t/.test(JSON.stringify(theirs)) &&
    /out of range for platform time_t/.test(JSON.stringify(ours)),
  isRare: true,
};

const WANTED_STATES: readonly Wanted[] = [
  {
    reason: "Deno does not tell the port of an attempt that has failed.",
    isIt: ({ method, ours }) =>
      method === "getsockname" && Array.isArray(ours) && ours[1] === 0,
  },
  {
    reason:
      "What a connection in the background comes to is known a turn later.",
    isIt: ({ script, calls }) =>
      script.timeout === 0 && /^connect/.test(calls[0]![0]) &&
      /^(new|bound|refused)$/.test(script.state) && calls.length > 1,
  },
  {
    reason: "What the kernel knows of the peer's end, Deno tells by a read.",
    isIt: ({ script, calls, method }) =>
      script.state === "ended" && calls[0]![0] === "shutdown" &&
      method === "getpeername",
  },
  {
    reason: "Deno cannot bind what is connected.",
    isIt: ({ script, calls, method, ours }) =>
      isUnix(script) && calls[0]![0] === "bind" &&
      (method === "getsockname" || errnoOf(ours) === 22),
  },
  {
    reason: "Linux looks for the other's path before it looks at the socket.",
    isIt: ({ script, method, theirs }) =>
      isUnix(script) && /^connect/.test(method) && errnoOf(theirs) === 111,
  },
  {
    reason: "A Unix listener that was shut down never says EINVAL at once.",
    isIt: ({ script, method, ours }) =>
      isUnix(script) && method === "accept" && errnoOf(ours) === 22,
  },
  {
    reason: "SO_REUSEPORT of AF_UNIX went away with Linux 6.13.",
    isIt: ({ script, calls }) =>
      isUnix(script) && /^[gs]etsockopt,1,15/.test(String(calls.at(-1))),
    isRare: true,
  },
];

const WANTED_MODULE: readonly Wanted[] = [
  WANTED_EVERYWHERE,
  {
    reason: "Deno has no MPTCP.",
    isIt: ({ method, calls }) => method === "socket" && calls[0]![1][2] === 262,
    isRare: true,
  },
];

const GROUPS: readonly [string, Script[], readonly Wanted[]][] = [
  [
    "Socket's argument errors are CPython's",
    wrongArguments(),
    [WANTED_EVERYWHERE],
  ],
  ["Socket's answers in every state are CPython's", states(), WANTED_STATES],
  ["socket() and other functions are CPython's", moduleCalls(), WANTED_MODULE],
];

const python = await askPython();
const reason = findReason();

for (const [name, scripts, wanted] of GROUPS) {
  Deno.test({
    name: reason === undefined ? name : `${name} (ignored: ${reason})`,
    ignore: reason !== undefined,
    async fn() {
      assert(python, "PYSOCKET_PEERS is required, and python3 does not run");
      const unwanted: string[] = [];
      const seen = new Set<Wanted>();
      const check = (script: Script, ours: readonly Value[]) =>
        differencesOf(script, python.of.get(script)!, ours).filter((each) => {
          const known = wanted.find(({ isIt }) => isIt(each));
          if (known !== undefined) seen.add(known);
          return known === undefined;
        });
      for (const script of scripts) {
        let differences = check(script, await run(script));
        for (let i = 1; i < TRIES && differences.length > 0; i++) {
          differences = check(script, await run(script));
        }
        unwanted.push(...differences.map(describe));
      }
      assertEquals(unwanted.sort().join("\n"), "");
      const unseen = wanted.filter((each) => !each.isRare && !seen.has(each));
      assertEquals(unseen.map((each) => each.reason), []);
    },
  });
}

function differencesOf(
  script: Script,
  theirs: readonly Value[],
  ours: readonly Value[],
): Difference[] {
  return script.calls.flatMap(([method], i) =>
    JSON.stringify(theirs[i]) === JSON.stringify(ours[i]) ? [] : [{
      script,
      calls: script.calls.slice(0, i + 1),
      method,
      theirs: theirs[i]!,
      ours: ours[i]!,
    }]
  );
}

function describe(difference: Difference): string {
  const { script, calls, theirs, ours } = difference;
  const mode = script.timeout === null ? "blocking" : "non-blocking";
  // Where each call is on its own, those before it do not matter.
  const shown = (calls.length > 15 ? calls.slice(-1) : calls)
    .map(([method, args]) => `${method}(${JSON.stringify(args).slice(1, -1)})`);
  return [
    `family ${script.family}, ${script.state}, ${mode}: ${shown.join("; ")}`,
    `    CPython: ${JSON.stringify(theirs)}`,
    `    ours:    ${JSON.stringify(ours)}`,
  ].join("\n");
}

function isUnix(script: Script): boolean {
  return script.family === AF_UNIX;
}

/** The errno of an error, and the one that `connect_ex` has returned. */
function errnoOf(value: Value): Value {
  if (value === null || typeof value !== "object") return value;
  return "errno" in value ? value["errno"]! : null;
}

interface Answer {
  /** The version and the system, as in `3.11 on linux`. */
  readonly name: string;
  /** What each script came to. */
  readonly of: ReadonlyMap<Script, Value[]>;
}

/** CPython's outcomes of all scripts; `undefined` where it does not run. */
async function askPython(): Promise<Answer | undefined> {
  const scripts = GROUPS.flatMap(([, each]) => each);
  const answer = await pipe<{ python: string; outcomes: Value[][] }>(
    "rows.py",
    JSON.stringify(scripts),
  );
  if (answer === undefined) return undefined;
  const { python: name, outcomes } = answer;
  return { name, of: new Map(scripts.map((each, i) => [each, outcomes[i]!])) };
}

function findReason(): string | undefined {
  const isRequired = Deno.env.get("PYSOCKET_PEERS") === "required";
  if (!python) return isRequired ? undefined : "no python3";
  if (python.name !== ONLY) return `not Python ${ONLY}`;
  return NO_IPV6?.replace("ignored: ", "");
}
