/**
 * The languages that the lessons speak, and how one is chosen.
 *
 * @module
 */

/** What the lessons can say everything in. */
export const LANGUAGES = ["en", "zh"] as const;

/** One of them, as `--lang` takes it. */
export type Language = typeof LANGUAGES[number];

/** A text in every language: one that lacks a translation does not compile. */
export type Text = Readonly<Record<Language, string>>;

/** Whether that is a language the lessons speak. */
export function isLanguage(name: string): name is Language {
  return (LANGUAGES as readonly string[]).includes(name);
}

/** The reader's language: of LC_ALL, LC_MESSAGES, LANG, or of the system. */
export function findLanguage(): Language {
  const locale = ["LC_ALL", "LC_MESSAGES", "LANG"].map(readVariable)
    .find((value) => value) ?? navigator.language;
  return locale.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** An environment variable, if there is one and it may be read. */
export function readVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
