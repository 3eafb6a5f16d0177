/** The text of a book, with line feeds for line ends. Throws UsageError for a file that is missing, unreadable, empty or no text. */
export function readBook(path: string): string;

/** Throws UsageError where the file cannot be read. */
export function readBytes(path: string): Uint8Array;

/** Throws UsageError where the file could not be written later. */
export function checkWritable(path: string): void;

/** Write a file whole or not at all. */
export function writeWhole(path: string, bytes: Uint8Array): void;
