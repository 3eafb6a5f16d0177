// Every example, in the order in which `npm run example` lists them.
import { adding } from './adding.ts';
import type { Example } from './example.ts';
import { g2p } from './g2p.ts';

export const examples: readonly Example[] = [adding, g2p];
