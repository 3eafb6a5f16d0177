// The parts of jax-js that the benchmark calls.

declare module '@jax-js/jax' {
  /** Counted references: a function takes its arguments over, `ref` keeps one for later. */
  export interface Array {
    readonly ref: Array;
    add(other: Array | number): Array;
    sub(other: Array | number): Array;
    mul(other: Array | number): Array;
    div(other: Array | number): Array;
    neg(): Array;
    sum(): Array;
    data(): Promise<Float32Array>;
    dispose(): void;
  }
  export type Tree = Array | readonly Tree[] | { readonly [name: string]: Tree };
  export function init(...devices: string[]): Promise<string[]>;
  export function defaultDevice(device: string): string;
  export function jit<F extends (...args: never[]) => Tree>(run: F): F & { dispose(): void };
  export function valueAndGrad<P extends Tree, A extends readonly Tree[]>(run: (parameters: P, ...rest: A) => Array): (parameters: P, ...rest: A) => [Array, P];
  export function blockUntilReady<T extends Tree>(tree: T): Promise<T>;
  export const numpy: {
    array(values: Float32Array, options: { shape: number[] }): Array;
    zeros(shape: number[]): Array;
    matmul(a: Array, b: Array): Array;
    split(a: Array, parts: number, axis: number): Array[];
    concatenate(arrays: Array[], axis: number): Array;
    tanh(a: Array): Array;
    sqrt(a: Array): Array;
  };
  export const nn: { sigmoid(a: Array): Array; logSoftmax(a: Array, axis?: number): Array };
  export const tree: { ref<T extends Tree>(tree: T): T; dispose(tree: Tree): void };
}
