import { testMemory, testSurvival } from "./_hostile.ts";
import { DIALECTS, findLesson } from "./_process.ts";
const lesson = findLesson("nonblocking");
  testSurvival(lesson, DIALECTS[0]!);
  testMemory(lesson, DIALECTS[0]!);
