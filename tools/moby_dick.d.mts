import type { Plugin } from 'vite';

/** The book from its Etymology to its Epilogue, without the table of contents: each part's heading, then its text. */
export function mobyDick(): string;

/** Vite: `virtual:moby-dick` exports the text as its default. */
export function mobyDickPlugin(): Plugin;
