// The public names of `unfold-rnn/text`: characters, vocabularies, batches and decoders. Nothing of it needs a GPU.
export { createBatches, type Batch, type BatchArrays, type Batches, type BatchOptions } from './text/batches.ts';
export { characters, type CharactersOptions, type Corpus } from './text/characters.ts';
export { createDecoder, type Decoder } from './text/decoder.ts';
export { split, type SplitOptions } from './text/split.ts';
export type { TrainingText } from './text/streams.ts';
export { UNKNOWN, Vocabulary, type Normalization, type UnknownPolicy, type VocabularyJSON } from './text/vocabulary.ts';
