// Tokens that arrive one after another → text that may be shown at once: no piece ends inside a character.
import { isVocabulary, type Vocabulary } from './vocabulary.ts';

export interface Decoder {
  /** Take tokens; get the text that no later token can change. */
  push(tokens: Iterable<number>): string;
  /** The rest of the text. The decoder is then as new. */
  end(): string;
}

/**
 * A decoder for a stream of tokens. All its pieces joined are `vocabulary.decode` of all the tokens.
 * With a decomposed vocabulary (NFD) the last character stays back until the next one begins: a jamo that follows could still join its syllable.
 */
export function createDecoder(vocabulary: Vocabulary): Decoder {
  isVocabulary(vocabulary, 'vocabulary');
  let held = '';
  return {
    push(tokens) {
      const symbols = vocabulary.join(tokens);
      if (!vocabulary.isDecomposed) return symbols;
      let done = '';
      for (const symbol of symbols) {
        if (held !== '' && startsCharacter(held, symbol)) {
          done += held.normalize('NFC');
          held = '';
        }
        held += symbol;
      }
      return done;
    },
    end() {
      const rest = vocabulary.compose(held);
      held = '';
      return rest;
    },
  };
}

/** Whether NFC leaves `symbol` apart from `before`. Marks never start a character: they are reordered, and a later one may still compose. */
function startsCharacter(before: string, symbol: string): boolean {
  if (/\p{M}/u.test(symbol)) return false;
  return (before + symbol).normalize('NFC') === before.normalize('NFC') + symbol.normalize('NFC');
}
