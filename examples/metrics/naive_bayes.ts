// Naive Bayes over the character trigrams of a name: the baseline that a recurrent network has to beat.
import { ngrams } from './ngrams.ts';

export interface LabelledText {
  readonly name: string;
  /** From 0. */
  readonly label: number;
}

export interface NaiveBayes {
  /** Added to every count. */
  readonly smoothing: number;
  /** The more probable class; of equal ones the lower. */
  predict(name: string): number;
}

export interface ChosenNaiveBayes {
  readonly model: NaiveBayes;
  /** Share of the validation names that it answers rightly. */
  readonly validationAccuracy: number;
}

/**
 * Count trigrams by class. P(trigram | class) = (count + k) / (trigrams of the class + k · (different trigrams of all classes + 1)),
 * the 1 for every trigram never seen; P(class) is its share of the names.
 * @throws RangeError where k is not above 0, or a class has no name.
 */
export function trainNaiveBayes(names: readonly LabelledText[], classes: number, smoothing: number): NaiveBayes {
  return naiveBayes(countTrigrams(names, classes), smoothing);
}

/** Train once, and take the k of `candidates` that answers most validation names rightly; of equal ones the first. */
export function chooseNaiveBayes(
  training: readonly LabelledText[], validation: readonly LabelledText[], classes: number, candidates: readonly number[],
): ChosenNaiveBayes {
  if (candidates.length === 0) throw new RangeError('there is no k to choose from; give at least one');
  const counts = countTrigrams(training, classes);
  const tried = candidates.map((smoothing) => {
    const model = naiveBayes(counts, smoothing);
    return { model, validationAccuracy: accuracy(validation, (name) => model.predict(name)) };
  });
  return tried.reduce((best, next) => (next.validationAccuracy > best.validationAccuracy ? next : best));
}

/** Share of the names that `predict` answers rightly. @throws RangeError where there is none. */
export function accuracy(names: readonly LabelledText[], predict: (name: string) => number): number {
  if (names.length === 0) throw new RangeError('there are no names; an accuracy needs at least one');
  return names.filter(({ name, label }) => predict(name) === label).length / names.length;
}

/** Share of the most frequent class of `training` among `names`. */
export function majorityAccuracy(training: readonly LabelledText[], names: readonly LabelledText[], classes: number): number {
  const { documents } = countTrigrams(training, classes);
  const most = documents.indexOf(Math.max(...documents));
  return accuracy(names, () => most);
}

interface Counts {
  /** By class: how often each trigram occurs. */
  readonly byClass: readonly ReadonlyMap<string, number>[];
  /** By class: trigrams in all. */
  readonly totals: readonly number[];
  /** By class: names. */
  readonly documents: readonly number[];
  /** Different trigrams of all classes. */
  readonly different: number;
}

function countTrigrams(names: readonly LabelledText[], classes: number): Counts {
  const byClass = Array.from({ length: classes }, () => new Map<string, number>());
  const totals = Array<number>(classes).fill(0);
  const documents = Array<number>(classes).fill(0);
  const seen = new Set<string>();
  for (const { name, label } of names) {
    const counts = byClass[label];
    if (!counts) throw new RangeError(`${JSON.stringify(name)} has class ${label}; there are ${classes}, from 0`);
    documents[label]!++;
    for (const trigram of ngrams(name, 3)) {
      seen.add(trigram);
      counts.set(trigram, (counts.get(trigram) ?? 0) + 1);
      totals[label]!++;
    }
  }
  if (documents.includes(0)) throw new RangeError(`class ${documents.indexOf(0)} has no name; every class needs at least one`);
  return { byClass, totals, documents, different: seen.size };
}

function naiveBayes({ byClass, totals, documents, different }: Counts, smoothing: number): NaiveBayes {
  if (!(smoothing > 0 && Number.isFinite(smoothing))) throw new RangeError(`k is ${smoothing}; it must be above 0, such as 0.5`);
  const names = documents.reduce((sum, count) => sum + count, 0);
  const score = (name: string, label: number): number => {
    const total = Math.log(totals[label]! + smoothing * (different + 1));
    return ngrams(name, 3).reduce(
      (sum, trigram) => sum + Math.log((byClass[label]!.get(trigram) ?? 0) + smoothing) - total,
      Math.log(documents[label]! / names),
    );
  };
  return {
    smoothing,
    predict(name) {
      const scores = byClass.map((_, label) => score(name, label));
      return scores.indexOf(Math.max(...scores));
    },
  };
}
