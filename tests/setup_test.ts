/** What `tools/setup.ts` does to a project folder, each time in a copy. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { SetUpError } from "../tools/npm_std.ts";
import { setUp, type SetUpOptions } from "../tools/setup.ts";
import sums from "../tools/std_sums.json" with { type: "json" };

/** JSR is out of reach, whatever the network here. */
const OFFLINE: SetUpOptions = { isJsrAnswering: () => Promise.resolve(false) };

/** Nothing may be asked of the network. */
const UNASKED: SetUpOptions = {
  isJsrAnswering: () => Promise.reject(new Error("JSR was asked")),
  findStd: () => Promise.reject(new Error("npm was asked")),
};

/** Port 1, on which nothing listens, refuses at once. */
const NOWHERE = "http://127.0.0.1:1/";

const MARK_PATH = join("vendor", "jsr.io", ".from-npm.json");
const MODULE_PATH = join(
  ...["vendor", "jsr.io", "@std", "assert", "1.0.19", "equals.js"],
);

const npmSilence = await findNpmSilence();

/** Why npm's half of these tests cannot run here, if it cannot. */
async function findNpmSilence(): Promise<string | undefined> {
  await using project = await makeProject();
  try {
    await setUp(project.root, OFFLINE);
    return undefined;
  } catch (error) {
    if (error instanceof SetUpError) return error.message;
    throw error;
  }
}

/** A test that needs npm, or Deno's cache of it; says so where it is skipped. */
function testWithNpm(name: string, fn: () => Promise<void>): void {
  const note = npmSilence === undefined ? "" : ` (skipped: ${npmSilence})`;
  Deno.test({ name: name + note, ignore: npmSilence !== undefined, fn });
}

/** An empty project folder that is deleted after use. */
async function makeProject(): Promise<AsyncDisposable & { root: string }> {
  const root = await Deno.makeTempDir({ prefix: "setup_test_" });
  return {
    root,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Copies what `deno task setup` needs of this project. */
async function copyTools(root: string): Promise<void> {
  const here = join(import.meta.dirname!, "..");
  await Deno.mkdir(join(root, "tools", "std_types"), { recursive: true });
  const files = ["deno.json"];
  for (const name of ["setup.ts", "npm_std.ts", "std_sums.json"]) {
    files.push(`tools/${name}`);
  }
  for (const name of ["assert", "cli", "encoding"]) {
    files.push(`tools/std_types/${name}.d.ts`);
  }
  for (const file of files) {
    await Deno.copyFile(join(here, file), join(root, file));
  }
}

/** Runs Deno and gives its exit code and both outputs. */
async function runDeno(
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1", JSR_URL: NOWHERE, ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

async function listFolder(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name)
    .sort();
}

Deno.test("setUp() writes nothing when JSR answers", async () => {
  await using project = await makeProject();

  const line = await setUp(project.root, {
    ...UNASKED,
    isJsrAnswering: () => Promise.resolve(true),
  });

  assertEquals(line, "jsr.io answers, nothing to prepare");
  assertEquals(await listFolder(project.root), []);
});

Deno.test("setUp() leaves a vendor folder alone that it did not make", async () => {
  await using project = await makeProject();
  const vendor = join(project.root, "vendor", "jsr.io");
  await Deno.mkdir(vendor, { recursive: true });
  await Deno.writeTextFile(join(vendor, "theirs"), "JSR's");

  const line = await setUp(project.root, UNASKED);

  assertEquals(line, "vendor/ holds packages from JSR, left as they are");
  assertEquals(await listFolder(project.root), ["vendor"]);
  assertEquals(await listFolder(vendor), ["theirs"]);
});

Deno.test("setup.ts says in one line that no registry answers", async () => {
  await using project = await makeProject();
  await copyTools(project.root);

  const { code, out, err } = await runDeno(
    ["run", "-A", "tools/setup.ts"],
    project.root,
    {
      DENO_DIR: join(project.root, "empty"),
      NPM_CONFIG_REGISTRY: NOWHERE,
      npm_config_registry: NOWHERE,
    },
  );

  assertEquals({ code, out }, { code: 1, out: "" });
  assertMatch(
    err,
    /^setup: jsr\.io does not answer, and npm:.+ run this again\n$/,
  );
  assertEquals(err.trim().split("\n").length, 1);
  assertEquals(await listFolder(project.root), ["deno.json", "empty", "tools"]);
});

Deno.test("setup.ts asks the server that JSR_URL names", async () => {
  await using project = await makeProject();
  await copyTools(project.root);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) =>
      new URL(request.url).pathname === "/@std/assert/meta.json"
        ? Response.json({ scope: "std", name: "assert" })
        : new Response(null, { status: 404 }),
  );

  const { code, out } = await runDeno(
    ["run", "-A", "tools/setup.ts"],
    project.root,
    { JSR_URL: `http://127.0.0.1:${server.addr.port}/` },
  );

  assertEquals({ code, out }, {
    code: 0,
    out: "setup: jsr.io answers, nothing to prepare\n",
  });
  assertEquals(await listFolder(project.root), ["deno.json", "tools"]);
});

testWithNpm("setUp() has nothing to do the second time", async () => {
  await using project = await makeProject();
  const first = await setUp(project.root, OFFLINE);

  const second = await setUp(project.root, UNASKED);

  assertMatch(first, /^jsr\.io does not answer, .+ npm:.+ into vendor\/$/);
  assertEquals(second, "vendor/ is complete, nothing to do");
  assertEquals(await listFolder(project.root), ["vendor"]);
});

testWithNpm("setUp() refuses a file whose checksum differs", async () => {
  await using project = await makeProject();
  const tampered = { ...sums, "assert/equals.js": "0".repeat(64) };

  const error = await assertRejects(
    () => setUp(project.root, { ...OFFLINE, sums: tampered }),
    SetUpError,
    'Cannot trust "assert/equals.js"',
  );

  assertStringIncludes(error.message, sums["assert/equals.js"]);
  assertEquals(await listFolder(project.root), []);
});

testWithNpm("setUp() repairs what it made itself", async () => {
  await using project = await makeProject();
  await setUp(project.root, OFFLINE);
  const module = join(project.root, MODULE_PATH);
  const original = await Deno.readTextFile(module);

  for (
    const damage of [
      () => Deno.writeTextFile(module, "damaged"),
      () => Deno.remove(module),
      () => Deno.writeTextFile(join(project.root, MARK_PATH), "{"),
    ]
  ) {
    await damage();
    const line = await setUp(project.root, OFFLINE);
    assertStringIncludes(line, "vendor/ is incomplete or out of date");
    assertEquals(await Deno.readTextFile(module), original);
  }
  assertEquals(await listFolder(project.root), ["vendor"]);
});

testWithNpm(
  "setUp() keeps its old files when the new ones are refused",
  async () => {
    await using project = await makeProject();
    await setUp(project.root, OFFLINE);
    const tampered = { ...sums, "assert/equals.js": "0".repeat(64) };

    await assertRejects(
      () => setUp(project.root, { ...OFFLINE, sums: tampered }),
      SetUpError,
    );

    assertEquals(
      await setUp(project.root, UNASKED),
      "vendor/ is complete, nothing to do",
    );
  },
);

testWithNpm("setUp() may run several times at once", async () => {
  await using project = await makeProject();

  await Promise.all(
    Array.from({ length: 4 }, () => setUp(project.root, OFFLINE)),
  );

  assertEquals(
    await setUp(project.root, UNASKED),
    "vendor/ is complete, nothing to do",
  );
  assertEquals(await listFolder(project.root), ["vendor"]);
});

testWithNpm(
  "setup.ts works from another folder, and the imports then resolve",
  async () => {
    await using project = await makeProject();
    await using elsewhere = await makeProject();
    await copyTools(project.root);
    const script = join(project.root, "script.ts");
    await Deno.writeTextFile(
      script,
      `import { assertEquals } from "@std/assert";
     import { parseArgs } from "@std/cli/parse-args";
     import { encodeBase64 } from "@std/encoding/base64";
     const { port } = parseArgs(["--port", "0"], { string: ["port"] });
     const text: string | undefined = port;
     assertEquals(text, "0");
     console.log(encodeBase64("resolved"));`,
    );

    const setup = await runDeno(
      ["run", "-A", join(project.root, "tools", "setup.ts")],
      elsewhere.root,
    );
    assertEquals(setup.code, 0, setup.err);
    const { code, out, err } = await runDeno(
      // The registry is jsr.io by name, but only files already here may be used.
      ["run", "--check", "--cached-only", script],
      project.root,
      { JSR_URL: "https://jsr.io/" },
    );

    assertEquals({ code, out }, { code: 0, out: "cmVzb2x2ZWQ=\n" }, err);
    assertEquals(await listFolder(elsewhere.root), []);
    assert(!(await listFolder(project.root)).includes("node_modules"));
  },
);
