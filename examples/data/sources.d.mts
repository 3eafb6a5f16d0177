import type { Plugin } from 'vite';
import type { NameLists } from './names.ts';

/** First names of English-speaking countries (Moby Word II), in alphabetical order. */
export function firstNames(): NameLists;

/** The CMU Pronouncing Dictionary, a line a variant. */
export function pronunciationText(): string;

/** Daily weather in Seattle, 2012 to 2015 (NOAA): a table with a header. */
export function seattleWeather(): string;

/** Vite: `virtual:first-names`, `virtual:pronunciations` and `virtual:seattle-weather` export the same as their default. */
export function dataPlugin(): Plugin;
