/**
 * The standard packages out of npm's `deno-std`: fetched, checked, given types
 * and laid out as JSR would. `setup.ts` decides when, and writes the files.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";

/** The npm package that holds the compiled modules of all of `@std`. */
export const STD_SPECIFIER = "npm:deno-std@1.4.0";

/** The JSR versions of the packages inside of {@linkcode STD_SPECIFIER}. */
const VERSIONS = {
  assert: "1.0.19",
  cli: "1.0.32",
  encoding: "1.0.11",
  internal: "1.0.14",
};

/** Modules of ours in place of ones that need a file which npm's lacks. */
const REPLACED_MODULES: Record<string, string> = {
  "cli/mod.js": [
    'export * from "./parse_args.js";',
    'export * from "./prompt_secret.js";',
    'export * from "./unicode_width.js";',
    "",
  ].join("\n"),
  // The table of npm's is not in the package. This one knows the characters that
  // the lessons use: most wide ones, no combining marks, no control characters.
  "cli/unicode_width.js": [
    "const WIDE_REGEXP =",
    "  /[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Hang}\\u3000-\\u303f\\uff01-\\uff60\\p{Emoji_Presentation}]/u;",
    "export function unicodeWidth(str) {",
    "  let width = 0;",
    "  for (const ch of str) width += WIDE_REGEXP.test(ch) ? 2 : 1;",
    "  return width;",
    "}",
    "",
  ].join("\n"),
};

const NPM_TIMEOUT_MS = 120_000;

/** A failure that its message explains: it needs no stack trace. */
export class SetUpError extends Error {
  override name = "SetUpError";
}

/**
 * Has Deno fetch the npm package into its own cache, and says where it lies.
 *
 * `deno info` does so with the user's registry, proxy and certificates (.npmrc,
 * NPM_CONFIG_REGISTRY, HTTPS_PROXY, DENO_CERT), and reports the folder;
 * an import of `npm:…` would tell neither the folder nor a clear error.
 */
export async function fetchStd(root: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // `vendor` in deno.json would put a node_modules folder into the project.
    args: [
      "info",
      "--json",
      "--node-modules-dir=none",
      "--no-lock",
      STD_SPECIFIER,
    ],
    cwd: root,
    env: {
      NO_COLOR: "1",
      // A company's mirror often has a certificate that only the system knows.
      DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system",
    },
    stdin: "null",
    signal: AbortSignal.timeout(NPM_TIMEOUT_MS),
  }).output();
  const info = parseInfo(new TextDecoder().decode(stdout));
  const found = info.npmPackages?.[STD_SPECIFIER.slice("npm:".length)];
  if (found?.localPath !== undefined) return found.localPath;

  const reason = info.modules?.find((module) => module.error)?.error ??
    new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new SetUpError(
    `${STD_SPECIFIER} cannot be fetched (${reason || "no answer"}): connect ` +
      "to the network, or name a reachable npm registry in .npmrc or " +
      "NPM_CONFIG_REGISTRY, and run this again",
  );
}

/** The part of `deno info --json` that is read here. */
interface DenoInfo {
  modules?: { error?: string }[];
  npmPackages?: Record<string, { localPath?: string }>;
}

function parseInfo(json: string): DenoInfo {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

/**
 * Reads, checks and adapts the modules.
 *
 * @param std The folder that {@linkcode fetchStd} gives.
 * @param sums SHA-256 of every file to take, by its path in the npm package.
 * @returns The contents of each file, by its path below `vendor/jsr.io/`.
 * @throws {SetUpError} If a file is missing or is not the one that `sums` names.
 */
export async function collectFiles(
  std: string,
  sums: Record<string, string>,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, version] of Object.entries(VERSIONS)) {
    const modules = new Map<string, string>();
    for (const [path, sum] of Object.entries(sums)) {
      if (!path.startsWith(`${name}/`)) continue;
      const file = path.slice(name.length + 1);
      modules.set(file, await readChecked(std, path, sum));
    }
    for (const [path, text] of Object.entries(REPLACED_MODULES)) {
      if (path.startsWith(`${name}/`)) {
        modules.set(path.slice(name.length + 1), text);
      }
    }
    addTypes(modules, await readTypes(name));
    addPackage(files, name, version, modules);
  }
  return files;
}

async function readChecked(
  std: string,
  path: string,
  sum: string,
): Promise<string> {
  const bytes = await Deno.readFile(join(std, path)).catch(() => {
    throw new SetUpError(
      `Cannot use ${STD_SPECIFIER}: it has no file "${path}". ` +
        "Nothing was changed",
    );
  });
  const actual = sha256(bytes);
  if (actual !== sum) {
    throw new SetUpError(
      `Cannot trust "${path}" of ${STD_SPECIFIER}: ` +
        `its SHA-256 is ${actual}, not ${sum}. Nothing was changed`,
    );
  }
  // One package of npm's holds them all; on JSR each is a package of its own.
  return new TextDecoder().decode(bytes).replaceAll(
    /from "\.\.\/internal\/(\w+)\.js"/g,
    (_, module) =>
      `from "jsr:@std/internal@^${VERSIONS.internal}/${exportName(module)}"`,
  );
}

/** Puts a `.d.ts` beside each module for which `types` has a piece. */
function addTypes(modules: Map<string, string>, types: string): void {
  // Splitting by a pattern with a group gives: head, name, piece, name, piece…
  const pieces = types.split(/^\/\/ ---- (\w+)\.js\r?$/m);
  for (let i = 1; i < pieces.length; i += 2) {
    const module = `${pieces[i]}.js`;
    const declarations = `${pieces[i]}.d.ts`;
    const code = modules.get(module);
    if (code === undefined) {
      throw new SetUpError(`Cannot give types to "${module}": no such module`);
    }
    modules.set(module, `// @ts-self-types="./${declarations}"\n${code}`);
    modules.set(declarations, pieces[i + 1] ?? "");
  }
}

/** Adds one JSR package, with the two manifests by which Deno knows it. */
function addPackage(
  files: Map<string, string>,
  name: string,
  version: string,
  modules: Map<string, string>,
): void {
  const folder = `@std/${name}`;
  const manifest: Record<string, { size: number; checksum: string }> = {};
  const exports: Record<string, string> = {};
  for (const [file, text] of modules) {
    files.set(`${folder}/${version}/${file}`, text);
    manifest[`/${file}`] = {
      size: new TextEncoder().encode(text).length,
      checksum: `sha256-${sha256(text)}`,
    };
    if (file.endsWith(".js") && !file.startsWith("_")) {
      const subpath = exportName(file.slice(0, -".js".length));
      exports[subpath === "mod" ? "." : `./${subpath}`] = `./${file}`;
    }
  }
  files.set(
    `${folder}/meta.json`,
    toJson({
      scope: "std",
      name,
      latest: version,
      versions: { [version]: {} },
    }),
  );
  files.set(`${folder}/${version}_meta.json`, toJson({ manifest, exports }));
}

/** `@std` exports each file under its own name: parse_args.js, parse-args. */
function exportName(module: string): string {
  return module.replaceAll("_", "-");
}

/** Internal modules have no types of ours: only @std itself imports them. */
async function readTypes(name: string): Promise<string> {
  if (name === "internal") return "";
  const url = new URL(`std_types/${name}.d.ts`, import.meta.url);
  return await Deno.readTextFile(url);
}

/**
 * Hashes all that decides what the files look like: these programs, the types
 * and the checksums.
 *
 * @param sums The checksums.
 * @returns The hash; files with another one are out of date.
 */
export async function hashRecipe(
  sums: Record<string, string>,
): Promise<string> {
  const parts = [JSON.stringify(sums)];
  for (const name of ["setup.ts", "npm_std.ts"]) {
    parts.push(await Deno.readTextFile(new URL(name, import.meta.url)));
  }
  for (const name of Object.keys(VERSIONS)) parts.push(await readTypes(name));
  return sha256(parts.join("\0"));
}

/** Writes JSON as a file's text. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Hashes text or bytes, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
