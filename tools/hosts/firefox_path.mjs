// @ts-check
// Where Firefox is.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export const NO_FIREFOX = 'no Firefox found; install one of version 141 or newer (Debian: apt-get install firefox-esr mesa-vulkan-drivers), or set UNFOLD_FIREFOX to the path of one';

/**
 * Path of a Firefox: `UNFOLD_FIREFOX`, else an installed one.
 * @returns {string | null} null when there is none
 * @throws {Error} when `UNFOLD_FIREFOX` names no file
 */
export function findFirefox() {
  const chosen = process.env.UNFOLD_FIREFOX;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`UNFOLD_FIREFOX is ${chosen}, where no file is. Set it to the path of a Firefox 141 or newer, or unset it.`);
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/snap/bin', '/Applications/Firefox.app/Contents/MacOS'].filter(Boolean);
  return folders.flatMap((folder) => ['firefox', 'firefox-esr'].map((name) => join(folder, name))).find((place) => existsSync(place)) ?? null;
}
