// What the benchmark has around it: the repository, with sources, packages and a network, or the folder that bench/build.ts writes,
// with none of them.

import type { Host } from './hosts/host.ts';
import type { Find } from './truth.ts';

export interface Home {
  /** Chromium, looked for and installed where it is missing; null where there is only --adapter native. */
  readonly startBrowser: ((adapter: 'swiftshader' | 'default', options: { readonly exactClock: boolean }) => Promise<Host & { version: string }>) | null;
  /** Makes the peers that run in a page ready. */
  installPeers(): void;
  /** Path of the module of bench/native_page.ts, built for Node. */
  nativePage(): Promise<string>;
  readonly find: Find;
  /** Folder of performance.md and its charts. */
  readonly docs: string;
}
