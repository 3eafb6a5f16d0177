export type HostName = 'chromium' | 'node' | 'deno' | 'firefox';

export const HOSTS: readonly HostName[];

/** Why a host cannot run on this machine, or null. A missing Chromium is told when it is opened. */
export function missingFor(host: HostName, adapter: 'default' | 'swiftshader'): string | null;
