/**
 * The lessons as JSR serves them: from a URL, to somebody who has nothing of this
 * project on disk, and whose own project does not turn `--unstable-net` on.
 */

import { assert, assertEquals } from "@std/assert";
import { extname, join } from "node:path";
import { PATH } from "../lessons/_path.ts";
import { Process } from "./_process.ts";

const ROOT = join(import.meta.dirname!, "..");

/** The configuration of that other project: where `jsr:` imports come from. */
const CONFIG = { vendor: true, nodeModulesDir: "none", lock: false };

Deno.test("every lesson runs from a URL, with only what is published", async () => {
  const config = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => serveFile(new URL(request.url).pathname, config),
  );
  const folder = await Deno.makeTempDir({ prefix: "from_url_test_" });
  try {
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(CONFIG));
    await copy(join(ROOT, "vendor", "jsr.io"), join(folder, "vendor/jsr.io"));
    const base = `http://127.0.0.1:${server.addr.port}/lessons`;
    for (const name of PATH.slice(0, 1)) {
      assertEquals(config.exports[`./lessons/${name}`], `./lessons/${name}.ts`);
      const args = [
        "run",
        "-A",
        "--quiet",
        "--config=deno.json",
        `${base}/${name}.ts`,
      ];
      await using process = new Process(Deno.execPath(), args, { cwd: folder });
      await process.endInput();
      const { code, stdout, stderr } = await process.outcome();
      assertEquals([name, code, stderr], [name, 0, ""]);
      const next = PATH[PATH.indexOf(name) + 1];
      assert(
        next === undefined ||
          stdout.endsWith(
            ` deno run -A jsr:@pysocket/socket/lessons/${next}\n`,
          ),
        stdout,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

interface Config {
  readonly imports: Record<string, string>;
  readonly publish: { readonly include: readonly string[] };
}

/** A published file, with the names of packages written out as JSR does. */
async function serveFile(pathname: string, config: Config): Promise<Response> {
  const path = pathname.slice(1);
  const { imports, publish: { include } } = config;
  const isPublished = include.some((each) =>
    path === each || (each.endsWith("/") && path.startsWith(each))
  );
  if (!isPublished) return new Response("not published", { status: 404 });
  const text = await Deno.readTextFile(join(ROOT, path));
  const code = text.replaceAll(
    /(from|import) "(@std\/\w+)/g,
    (_, word, name) => `${word} "${imports[name]}`,
  );
  const type = extname(path) === ".ts" ? "text/typescript" : "text/plain";
  return new Response(code, { headers: { "content-type": type } });
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    await (isDirectory ? copy(source, target) : Deno.copyFile(source, target));
  }
}
