/** What to do where there is no Firefox. */
export const NO_FIREFOX: string;

/** Path of a Firefox, or null. Throws when `UNFOLD_FIREFOX` names no file. */
export function findFirefox(): string | null;
