/**
 * Which name somebody means who has typed nearly one.
 *
 * @module
 */

/** Mistakes that a word may have to pass for a misspelled name. */
const MISTAKES = 2;

/**
 * The names that a word fits: one that is the same but for case and for what
 * stands between its parts, or else those of which a part begins with it.
 */
export function findFitting(word: string, names: readonly string[]): string[] {
  const wanted = squeeze(word);
  // A number that counts nothing is no beginning of base64.
  if (!/\p{L}/u.test(wanted)) return [];
  const same = names.filter((name) => squeeze(name) === wanted);
  if (same.length > 0) return same;
  return names.filter((name) => {
    const parts = name.split("_");
    return parts.some((_, i) => parts.slice(i).join("").startsWith(wanted));
  });
}

/** The names that a word misspells. */
export function findMisspelled(
  word: string,
  names: readonly string[],
): string[] {
  const wanted = squeeze(word);
  return names.filter((name) => {
    const mistakes = countMistakes(wanted, squeeze(name));
    // What has as many mistakes as letters is another word.
    return mistakes <= MISTAKES && mistakes < wanted.length / 2;
  });
}

/** A name as it is compared, also where it was given as a file. */
function squeeze(name: string): string {
  return name.toLowerCase().replace(/^.*[/\\]|\.ts$/g, "")
    .replaceAll(/[\s_.-]/g, "");
}

/** How many letters to put in, take out or change to make one of the other. */
function countMistakes(one: string, other: string): number {
  let row = [...one, ""].map((_, i) => i);
  for (const [i, letter] of [...other].entries()) {
    const next = [i + 1];
    for (const [j, each] of [...one].entries()) {
      const changed = row[j]! + (each === letter ? 0 : 1);
      next.push(Math.min(changed, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
