// Every example, in the order in which `npm run example` lists them.
import { adding } from './adding.ts';
import { characters } from './characters.ts';
import { copying } from './copying.ts';
import type { Example } from './example.ts';
import { g2p } from './g2p.ts';
import { nameGeneration } from './name_generation.ts';
import { names } from './names.ts';
import { weather } from './weather.ts';

export const examples: readonly Example[] = [characters, names, weather, nameGeneration, g2p, adding, copying];
