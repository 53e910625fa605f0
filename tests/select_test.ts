/** `select()`: which sockets are ready, and that to look takes nothing away. */

import { assertEquals } from "@std/assert";
import { select } from "../src/select.ts";
import { type State, TCP_STATES, UNIX_STATES } from "./_readiness.ts";
import { inTime } from "./_outcome.ts";
import { NO_UNIX, testUnless } from "./_pairs.ts";

function testState(reason: string | undefined, name: string, state: State) {
  const [expected, make] = state;
  testUnless(
    reason,
    `select() says ${expected} of a socket: ${name}`,
    async () => {
      await using made = await make();
      const { sock } = made;
      for (const timeout of [0, 0, expected === "---" ? 0.001 : 5]) {
        const [r, w, x] = await inTime(select([sock], [sock], [sock], timeout));
        const actual = (r.length ? "r" : "-") + (w.length ? "w" : "-") +
          (x.length ? "x" : "-");
        assertEquals(actual, expected);
      }
    },
  );
}
for (const [name, state] of Object.entries(TCP_STATES)) {
  testState(undefined, name, state);
}
for (const [name, state] of Object.entries(UNIX_STATES)) {
  testState(NO_UNIX, name, state);
}
