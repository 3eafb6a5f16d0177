// What an example is: a name, its options, and a run that trains a structure on the GPU and tells how it goes.
import type { Gpu, Loss, Optimizer } from '../src/index.ts';
import { NotFiniteError } from '../src/language.ts';

export type OptionValue = number | string | readonly string[];

/** An option of the command line, `--name VALUE`, camel case written with dashes. */
export interface OptionSpec<V extends OptionValue = OptionValue> {
  /** A whole number, any number, one of the choices, or some of them with commas between. */
  readonly kind: 'whole' | 'number' | 'choice' | 'list';
  readonly default: V;
  /** Of a number. */
  readonly least?: number;
  /** Of a choice or a list. */
  readonly choices?: readonly string[];
  /** What it is, in a few words. */
  readonly about: string;
}

export type OptionValues = Readonly<Record<string, OptionValue>>;

/** How far a run is. Every step gives one, so that a run can be stopped between two. */
export interface Row {
  /** Where a run has several: a cell. */
  readonly part?: string;
  /** From 1. */
  readonly step: number;
  readonly steps: number;
  /** What is known at this step, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Shown even where progress is thinned out. */
  readonly keep?: boolean;
}

export interface Result {
  /** Cells as they are printed; the first row is the heading. */
  readonly table: readonly (readonly string[])[];
  /** Printed below the table: samples. */
  readonly lines?: readonly string[];
  /** The same numbers by name. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Example<O extends OptionValues = OptionValues> {
  readonly name: string;
  /** One line. */
  readonly about: string;
  readonly options: { readonly [K in keyof O]: OptionSpec<O[K]> };
  /**
   * Load the data, train and measure. The caller frees the device's memory.
   * @throws NotFiniteError where training diverges; DeviceLostError; RangeError for an option the engine refuses.
   */
  // A method, so that an example with options of its own is an Example.
  run(gpu: Gpu, options: O): AsyncGenerator<Row, Result, void>;
}

export const whole = (value: number, about: string, least = 1): OptionSpec<number> => ({ kind: 'whole', default: value, least, about });
export const number = (value: number, about: string, least = 0): OptionSpec<number> => ({ kind: 'number', default: value, least, about });
export const choice = <const C extends string>(choices: readonly C[], about: string): OptionSpec<C> => ({ kind: 'choice', default: choices[0]!, choices, about });
export const list = (choices: readonly string[], about: string): OptionSpec<readonly string[]> => ({ kind: 'list', default: choices, choices, about });

/** An example of these options; types follow from them. */
export function defineExample<const O extends OptionValues>(example: Example<O>): Example<O> {
  return example;
}

/** The defaults, with some options changed. */
export function withDefaults<O extends OptionValues>({ options }: Example<O>, given: Partial<O> = {}): O {
  const defaults = Object.fromEntries(Object.entries<OptionSpec>(options).map(([name, spec]) => [name, spec.default]));
  return { ...defaults, ...given } as O;
}

/**
 * Take `steps` training steps one after the other. `submit` runs forward, loss and backward of step `step`, from 0; the update follows.
 * Gives each step's loss, from before its update; of windows of several sizes, the loss that `loss` names after the step.
 * @throws NotFiniteError where the loss or the gradient's norm is no number any more.
 */
export async function* train(
  steps: number, { loss, optimizer, submit }: { loss: Loss | (() => Loss); optimizer: Optimizer; submit(step: number): void },
): AsyncGenerator<{ step: number; loss: number; gradientNorm: number }, void, void> {
  for (let step = 0; step < steps; step++) {
    const { learningRate } = optimizer;
    submit(step);
    optimizer.step();
    const [{ loss: value }, [norm]] = await Promise.all([(typeof loss === 'function' ? loss() : loss).read(), optimizer.norm.read()]);
    const figures = { step: step + 1, loss: value, gradientNorm: norm! };
    if (!Number.isFinite(value) || !Number.isFinite(norm)) throw new NotFiniteError({ ...figures, learningRate });
    yield figures;
  }
}
