// Every field of a case has an answer: it is read, or it only describes, or its value changes nothing. Any other is unsupported, since a
// verdict on numbers that something unknown has changed would be worth nothing.
import { Unsupported, type Options } from './words.ts';

/** Who made the case and of what, in any value. Their influence is in the tensors. */
const NOTES = new Set(`name title label note notes comment comments description about source sources origin reference references license licence
  url link author authors by date created version generator framework library implementation tool meta metadata info family group tags tag
  category section suite seed rngseed init initializer initialization text corpus data dataset charset alphabet chars characters vocabulary itos stoi
  bos sos eos unk pad bostoken sostoken eostoken unktoken padtoken bosid sosid eosid unkid padid
  returnsequence returnsequences returnstate returnstates ragged padded packed variablelengths sharedembedding sharedembeddings`.split(/\s+/));

/** Sizes that the tensors have, or that nothing computes with, where the value is a number, or a list or an object of numbers. */
const SIZES = new Set(`sizes dims shape shapes v vocab vocabsize srcvocab tgtvocab encvocab decvocab sourcevocab targetvocab e embedsize embeddim embeddingsize embeddingdim
  i in inputs inputsize inputdim infeatures h hiddensize hiddendim o out output outputs outputsize outputdim outfeatures features classes c numclasses nclasses
  k l numlayers nlayers d numdirections directions gates n b batch batchsize t time seqlen seqlength sequencelength srclen tgtlen enclen declen srctime tgttime
  enctime dectime s steps numsteps nsteps trainsteps window windows epochs maxlength numweights numparameters parameters`.split(/\s+/));

/** Values that change nothing, of fields in which 0 and false would, or others would not. */
const NEUTRAL: Readonly<Record<string, readonly unknown[]>> = {
  merge: ['concat', 'none'], mergemode: ['concat', 'none'],
  dtype: ['float32', 'float64'], precision: ['float32', 'float64'],
  ignoreindex: [-1, -100], paddingidx: [-1],
  teacherforcing: [true, 1], teacherforcingratio: [1],
  features: ['final', 'last', 'concat'], pooling: ['final', 'last'], readout: ['final', 'last'],
  lengths: [true, false], reset: [true, false], resetstate: [true, false], timemajor: [true, 1], trainable: [true, 1], learnable: [true, 1], requiresgrad: [true, 1], biascorrection: [true, 1],
  temperature: [1], scale: [1], lossscale: [1], gamma: [1], lrdecay: [1], accumulate: [1], accumulationsteps: [1], gradientaccumulation: [1],
  schedule: ['constant', 'none', false], scheduler: ['constant', 'none', false], lrschedule: ['constant', 'none', false],
};

/** Elsewhere. */
const NOTHING: readonly unknown[] = [false, 0, 'none', ''];

/** A name whichever way it is written: weightDecay and weight_decay are one. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, '');

/** Whether a field of that name says something about the case and nothing that it computes. */
export function describes(name: string): boolean {
  return NOTES.has(plain(name));
}

/**
 * @param path where those fields are: `model.optimizer`; '' for the case itself
 * @param read the names of the fields that the caller answers
 * @throws Unsupported for a field that is not among them and may change what is computed
 */
export function refuseUnknown(path: string, given: Options, read: readonly string[]): void {
  for (const [name, value] of Object.entries(given)) {
    const key = plain(name);
    const known = read.includes(name) || NOTES.has(key) || (SIZES.has(key) && isNumbers(value));
    if (known || value === null || value === undefined || (NEUTRAL[key] ?? NOTHING).includes(value)) continue;
    throw new Unsupported(`option ${name}: ${path === '' ? '' : `${path}.`}${name} is ${brief(value)}`);
  }
}

const isNumbers = (value: unknown): boolean => (typeof value === 'object' && value !== null ? Object.values(value) : [value]).every((each) => typeof each === 'number');

/** A value as a message shows it. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
