/** Tests that cannot run everywhere, and what they lack there. */

/** Why a test of IPv6 cannot run here, if it cannot. */
export const NO_IPV6: string | undefined = findNoIPv6();

function findNoIPv6(): string | undefined {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return undefined;
  } catch {
    return "ignored: no IPv6 here";
  }
}

/** Why a test of Unix sockets cannot run here, if it cannot. */
export const NO_UNIX: string | undefined = Deno.build.os === "windows"
  ? "ignored: no AF_UNIX here"
  : undefined;

/** Why a test of abstract names cannot run here, if it cannot. */
export const NO_ABSTRACT: string | undefined = Deno.build.os === "linux"
  ? undefined
  : "ignored: abstract names are Linux's";

/** Why a test of what only Linux does cannot run here, if it cannot. */
export const NO_LINUX: string | undefined = Deno.build.os === "linux"
  ? undefined
  : "ignored: not Linux";

/** Why a test that needs a shell cannot run here, if it cannot. */
export const NO_SHELL: string | undefined = Deno.build.os === "windows"
  ? "ignored: no POSIX shell"
  : undefined;

/** A test that says in its name why it does not run, if it does not. */
export function testUnless(
  reason: string | undefined,
  name: string,
  fn: () => void | Promise<void>,
): void {
  const note = reason === undefined ? "" : ` (${reason})`;
  Deno.test({ name: name + note, ignore: reason !== undefined, fn });
}
