/** The lesson's server among clients that do everything wrong. */

import { testSurvival } from "./_hostile.ts";
import { testMemory } from "./_memory.ts";
import { DIALECTS, findLesson } from "./_process.ts";

const lesson = findLesson("tcp_echo");

for (const dialect of DIALECTS) {
  testSurvival(lesson, dialect);
  testMemory(lesson, dialect);
}
