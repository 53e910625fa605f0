/**
 * Makes the `jsr:@std/…` imports resolve where the npm registry can be reached
 * and JSR cannot, as behind many a company's mirror.
 *
 * Where JSR answers there is nothing to do. Where it does not, the same
 * packages come from npm, checked against `std_sums.json`, and are laid into
 * `vendor/jsr.io/` as Deno itself would have laid them, so that `deno.json`
 * needs to name JSR only. `deno task start` and `deno task test` run this first.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  collectFiles,
  fetchStd,
  hashRecipe,
  SetUpError,
  sha256,
  STD_SPECIFIER,
  toJson,
} from "./npm_std.ts";
import committedSums from "./std_sums.json" with { type: "json" };

/** Inside of `vendor/jsr.io/`: says that we made it, and from what. */
const MARK = ".from-npm.json";
/** Who waits for an answer should know within three seconds. */
const PROBE_TIMEOUT_MS = 2_500;
/** No run takes an hour: what is older was left behind. */
const STALE_MS = 3_600_000;

/** What a test may replace. */
export interface SetUpOptions {
  /** Answers whether JSR can be reached. */
  isJsrAnswering?: () => Promise<boolean>;
  /** Gives the folder of the unpacked npm package. */
  findStd?: (root: string) => Promise<string>;
  /** SHA-256 of every file to take, by its path in the npm package. */
  sums?: Record<string, string>;
}

/** The contents of {@linkcode MARK}. */
interface Mark {
  from: string;
  /** Hash of all that decides what the files look like. */
  recipe: string;
  /** Hash of each file as written, by its path below `vendor/jsr.io/`. */
  files: Record<string, string>;
}

/**
 * Prepares `vendor/` in the project at `root`, if it needs it.
 *
 * @param root The folder of `deno.json`.
 * @param options What a test may replace.
 * @returns What was done, in one line.
 * @throws {SetUpError} If the packages cannot be had or are not the right ones.
 */
export async function setUp(
  root: string,
  options: SetUpOptions = {},
): Promise<string> {
  const {
    isJsrAnswering = probeJsr,
    findStd = fetchStd,
    sums = committedSums,
  } = options;
  const target = join(root, "vendor", "jsr.io");
  const recipe = await hashRecipe(sums);

  // Deno fills the same folder from JSR. Files of the two origins have other
  // names and other hashes, so a folder is wholly ours or not ours to touch.
  const mark = await readMark(target);
  if (mark === undefined && await exists(target)) {
    return "vendor/ holds packages from JSR, left as they are";
  }
  if (mark !== undefined && await isComplete(target, mark, recipe)) {
    return "vendor/ is complete, nothing to do";
  }
  if (mark === undefined && await isJsrAnswering()) {
    return "jsr.io answers, nothing to prepare";
  }

  const situation = mark === undefined
    ? "jsr.io does not answer"
    : "vendor/ is incomplete or out of date";
  const std = await findStd(root).catch((error) => {
    if (!(error instanceof SetUpError)) throw error;
    throw new SetUpError(`${situation}, and ${error.message}`);
  });
  const files = await collectFiles(std, sums);
  await sweepStaleFolders(root);
  await install(root, target, files, recipe);
  return `${situation}, the standard packages come from ${STD_SPECIFIER} into vendor/`;
}

async function readMark(target: string): Promise<Mark | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(join(target, MARK)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    // A mark that cannot be read is ours all the same: repair what it marks.
    if (error instanceof SyntaxError) {
      return { from: "", recipe: "", files: {} };
    }
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function isComplete(
  target: string,
  mark: Mark,
  recipe: string,
): Promise<boolean> {
  if (mark.recipe !== recipe) return false;
  try {
    for (const [path, sum] of Object.entries(mark.files)) {
      if (sha256(await Deno.readFile(join(target, path))) !== sum) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Asks for a file of JSR's, as Deno would: JSR_URL names another server. */
async function probeJsr(): Promise<boolean> {
  try {
    const server = Deno.env.get("JSR_URL") || "https://jsr.io/";
    const response = await fetch(new URL("@std/assert/meta.json", server), {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    // A proxy's error page may well come with status 200.
    return (await response.json()).name === "assert";
  } catch {
    return false;
  }
}

/** Deletes what interrupted runs left; a young folder may be one at work. */
async function sweepStaleFolders(root: string): Promise<void> {
  for await (const { name } of Deno.readDir(root)) {
    if (!name.startsWith("vendor.tmp-")) continue;
    const path = join(root, name);
    const made = await Deno.stat(path).catch(() => undefined);
    const ageMs = Date.now() - (made?.mtime?.getTime() ?? Date.now());
    if (ageMs > STALE_MS) await removeFolder(path);
  }
}

/** Writes the files beside `vendor/` and moves them in at one stroke. */
async function install(
  root: string,
  target: string,
  files: Map<string, string>,
  recipe: string,
): Promise<void> {
  // Beside it rather than in /tmp, so that the move stays on one file system.
  const work = await Deno.makeTempDir({ dir: root, prefix: "vendor.tmp-" });
  try {
    const mark: Mark = { from: STD_SPECIFIER, recipe, files: {} };
    const made = join(work, "new");
    for (const [path, text] of files) {
      mark.files[path] = sha256(text);
      await Deno.mkdir(dirname(join(made, path)), { recursive: true });
      await Deno.writeTextFile(join(made, path), text);
    }
    await Deno.writeTextFile(join(made, MARK), toJson(mark));

    await Deno.mkdir(dirname(target), { recursive: true });
    await replaceFolder(target, made, join(work, "old"), recipe);
  } finally {
    await removeFolder(work);
  }
}

async function replaceFolder(
  target: string,
  made: string,
  old: string,
  recipe: string,
): Promise<void> {
  const isMadeByAnother = async () => {
    const mark = await readMark(target);
    return mark !== undefined && await isComplete(target, mark, recipe);
  };
  // A run that began with this one may be done: its files are as good as ours,
  // and someone may be reading them already.
  if (await isMadeByAnother()) return;
  try {
    await Deno.rename(target, old);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  try {
    await Deno.rename(made, target);
  } catch (error) {
    // A full folder cannot be renamed onto, so here it was filled just now.
    if (!await isMadeByAnother()) throw error;
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

if (import.meta.main) {
  try {
    const root = dirname(dirname(fileURLToPath(import.meta.url)));
    const status = await setUp(root);
    // Other tasks run this first, and what it has to say is not their output.
    if (!Deno.args.includes("--quiet")) console.log(`setup: ${status}`);
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    console.error(`setup: ${error.message}`);
    Deno.exit(1);
  }
}
