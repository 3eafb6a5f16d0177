/** Which adapter the tools and tests use: the software one, or with `UNFOLD_ADAPTER=default` the machine's own. */
export function adapterKind(): 'default' | 'swiftshader';

/** Path of a browser for the tools, or null. Throws when `UNFOLD_CHROME` names no file. */
export function findBrowser(): string | null;

/** Flags that give WebGPU in it: on the software adapter, or the machine's own; unless given, `UNFOLD_ADAPTER` says which. */
export function browserFlags(adapter?: 'default' | 'swiftshader'): string[];

/** The driver file of Mesa's llvmpipe, a software Vulkan with f16; null when there is none. */
export function findLlvmpipe(): string | null;

/** The driver file of SwiftShader, a software Vulkan that comes with Chromium; null when there is none. */
export function findSwiftShader(): string | null;
