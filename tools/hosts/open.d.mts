export type HostName = 'chromium' | 'node' | 'deno' | 'firefox';

export const HOSTS: readonly HostName[];

/** Why a host cannot run on this machine, or null. A missing Chromium is told when it is opened. */
export function missingFor(host: HostName, adapter: 'default' | 'swiftshader'): string | null;

export interface HostPage {
  /** An export of the page module; throws what it throws, or that the page is gone. */
  call(name: string, argument?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface Host {
  open(): Promise<HostPage>;
  close(): Promise<void>;
}

/** `module` is a path from the repository's root. */
export function openHost(host: HostName, options: { readonly module: string; readonly adapter: 'default' | 'swiftshader' }): Promise<Host>;
