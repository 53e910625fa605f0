/** `makefile`: lines read and written. */

import { runPair, type Workload } from "../_workload.ts";

const LINES = 1_000_000;
const SIZE = 32;

function lines(role: string, title: string): Workload {
  const isRead = role.startsWith("read");
  return {
    name: role,
    title: `makefile, ${title}: ${LINES} lines of ${SIZE} bytes`,
    unit: "1,000,000/s",
    isMoreBetter: true,
    contenders: ["pysocket", "CPython"],
    measure: async (contender) =>
      LINES / await runPair(contender, {
        listener: { role: isRead ? "lines" : "sink", by: "CPython" },
        connector: { role },
        size: SIZE,
        count: LINES,
        kind: "files",
      }) / 1e6,
  };
}

/** Workload 7. */
export const FILES: readonly Workload[] = [
  lines("read_text", "text read"),
  lines("read_binary", "bytes read"),
  lines("write_text", "text written"),
  lines("write_binary", "bytes written"),
];
