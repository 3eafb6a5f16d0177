// Spellings and their phonemes out of the CMU Pronouncing Dictionary: `WORD  P1 P2 …`, further variants as `WORD(1)  …`.

export interface Pronunciation {
  readonly word: string;
  /** The word's variants, the dictionary's first one first; each is a list of phonemes. */
  readonly variants: readonly (readonly string[])[];
}

export interface PronunciationOptions {
  /** Keep the stress of vowels (AH0, AH1, AH2) as symbols of their own. Default false: AH. */
  readonly stress?: boolean;
  /** Words to take. Default letters A to Z alone: no apostrophe, hyphen, point or digit. */
  readonly words?: RegExp;
  /** Words of more letters are left out. Default: none. */
  readonly maximumLetters?: number;
  /** Variants of more phonemes are left out. Default: none. */
  readonly maximumPhonemes?: number;
}

export interface Pronunciations {
  /** In the dictionary's order. */
  readonly entries: readonly Pronunciation[];
  /** Lines whose word has other characters. */
  readonly otherCharacters: number;
  /** Lines that were too long. */
  readonly tooLong: number;
  /** Lines that repeat a variant, once their stress is gone. */
  readonly repeated: number;
}

const PHONEME = /^([A-Z]{1,2})([0-2]?)$/;

/**
 * Read the dictionary. Lines that begin with `;;;` are comments.
 * @throws RangeError where a line is not of the form, with its number and text, or where no word is left.
 */
export function parsePronunciations(text: string, options: PronunciationOptions = {}): Pronunciations {
  const { stress = false, words = /^[A-Z]+$/, maximumLetters = Infinity, maximumPhonemes = Infinity } = options;
  const variantsOf = new Map<string, Map<string, string[]>>();
  let otherCharacters = 0;
  let tooLong = 0;
  let repeated = 0;
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '' || line.startsWith(';;;')) return;
    const [head = '', ...parts] = line.trim().split(/\s+/);
    const word = head.replace(/\(\d+\)$/, '');
    if (!words.test(word)) {
      otherCharacters++;
      return;
    }
    const phonemes = parts.map((part) => {
      const [, phoneme, mark] = PHONEME.exec(part) ?? [];
      if (phoneme === undefined) throw lineError(index, line, `${JSON.stringify(part)} is no phoneme`);
      return stress ? `${phoneme}${mark}` : phoneme;
    });
    if (phonemes.length === 0) throw lineError(index, line, 'there are no phonemes');
    if (word.length > maximumLetters || phonemes.length > maximumPhonemes) {
      tooLong++;
      return;
    }
    const variants = variantsOf.get(word) ?? new Map<string, string[]>();
    const key = phonemes.join(' ');
    if (variants.has(key)) repeated++;
    variantsOf.set(word, variants.set(key, phonemes));
  });
  if (variantsOf.size === 0) throw new RangeError('no word of the dictionary is left; give the whole file, and longer maxima');
  const entries = [...variantsOf].map(([word, variants]) => ({ word, variants: [...variants.values()] }));
  return { entries, otherCharacters, tooLong, repeated };
}

function lineError(index: number, line: string, what: string): RangeError {
  return new RangeError(`line ${index + 1} of the dictionary is ${JSON.stringify(line.slice(0, 80))}: ${what}; expected WORD  P1 P2 … such as ABLE  EY1 B AH0 L`);
}
