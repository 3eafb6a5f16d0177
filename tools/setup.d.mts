/** Path of a browser for the tools, or null. Throws when `UNFOLD_CHROME` names no file. */
export function findBrowser(): string | null;

/** Flags that give WebGPU in it: the software adapter, or the machine's own with `UNFOLD_ADAPTER=default`. */
export function browserFlags(): string[];
