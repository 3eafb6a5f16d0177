/** Path of a browser for the tools, or null. Throws when `UNFOLD_CHROME` names no file. */
export function findBrowser(): string | null;

/** Flags that give WebGPU in it: on the software adapter, or the machine's own; unless given, `UNFOLD_ADAPTER` says which. */
export function browserFlags(adapter?: 'default' | 'swiftshader'): string[];

/** The driver file of Mesa's llvmpipe, a software Vulkan with f16; null when there is none. */
export function findLlvmpipe(): string | null;
