// Every example, in the order in which `npm run example` lists them.
import { adding } from './adding.ts';
import type { Example } from './example.ts';

export const examples: readonly Example[] = [adding];
