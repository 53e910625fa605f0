/** Small programs that use this package, each in a Deno of its own. */

const MODULE = import.meta.resolve("../mod.ts");

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program, which has ten seconds to end by itself. */
export async function run(
  code: string,
  permissions: readonly string[] = ["--allow-all"],
): Promise<Ended> {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const program = `import * as socket from ${JSON.stringify(MODULE)};\n` +
      `const start = performance.now();\n${code}\n`;
    await Deno.writeTextFile(path, program);
    const { code: exitCode, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["run", "--no-check", "--no-config", ...permissions, path],
        env: { NO_COLOR: "1" },
        signal: AbortSignal.timeout(10_000),
      },
    ).output();
    const [out = "", err = ""] = [stdout, stderr]
      .map((bytes) => new TextDecoder().decode(bytes));
    return { code: exitCode, stdout: out, stderr: err };
  } finally {
    await Deno.remove(path);
  }
}
