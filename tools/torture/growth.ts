// Whether something grows, of measurements taken after the same work again and again.

/** Measurements that the caches, the compiler and lazily made objects may take before anything is judged. */
const WARM_UP = 3;
/** Measurements of the heap in the middle, and at the end, that are compared by their least. */
const COMPARED = 4;
/**
 * What the heap may grow by in the second half of the measurements without a leak. V8 keeps feedback and compiled code of what runs often:
 * over 45 rounds the heap was seen to take some 400 kB more, most of it in the first half, and to level off.
 */
const HEAP_ALLOWANCE = 400_000;

export class Growth {
  #exact: Readonly<Record<string, number>> | null = null;
  #now: Readonly<Record<string, number>> = {};
  readonly #heap: number[] = [];
  #rounds = 0;

  /** `exact` must not change at all; the heap, null where it cannot be measured, not by more than its noise. */
  add(exact: Readonly<Record<string, number>>, heap: number | null): void {
    this.#rounds++;
    this.#now = exact;
    if (this.#rounds <= WARM_UP) this.#exact = exact;
    else if (heap !== null) this.#heap.push(heap);
  }

  /** What has grown, in words; null where nothing has. */
  judge(): string | null {
    for (const [what, value] of Object.entries(this.#now)) {
      const before = this.#exact?.[what] ?? value;
      if (this.#rounds > WARM_UP && value > before) return `${what}: ${value} after round ${this.#rounds}, ${before} after round ${WARM_UP}`;
    }
    if (this.#heap.length < 2 * COMPARED) return null;
    const half = Math.floor(this.#heap.length / 2);
    const [middle, last] = [Math.min(...this.#heap.slice(half - COMPARED, half)), Math.min(...this.#heap.slice(-COMPARED))];
    return last - middle > HEAP_ALLOWANCE ? `the JavaScript heap: ${last} bytes after round ${this.#rounds}, ${middle} after round ${WARM_UP + half}` : null;
  }

  /** The last measurements. */
  get last(): Readonly<Record<string, number>> {
    const heap = this.#heap.at(-1);
    return { ...this.#now, ...(heap !== undefined && { 'bytes of heap': heap }) };
  }
}

interface Collecting {
  gc?: () => void;
  readonly performance: Performance & { readonly memory?: { readonly usedJSHeapSize: number } };
  readonly process?: { memoryUsage(): { heapUsed: number } };
}

/** Bytes of the JavaScript heap after everything that can be collected was; null where nobody tells. */
export async function heapBytes(): Promise<number | null> {
  const world = globalThis as unknown as Collecting;
  if (world.process && !world.gc) await exposeCollector(world);
  if (!world.gc) return null;
  // What a promise still holds is free a task later.
  for (let i = 0; i < 3; i++) {
    world.gc();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return world.process?.memoryUsage().heapUsed ?? world.performance.memory?.usedJSHeapSize ?? null;
}

/** Node shows its collector to new contexts once it is asked to. */
async function exposeCollector(world: Collecting): Promise<void> {
  const [v8, vm] = (await Promise.all(['node:v8', 'node:vm'].map((name) => import(/* @vite-ignore */ name)))) as [{ setFlagsFromString(flag: string): void }, { runInNewContext(code: string): unknown }];
  v8.setFlagsFromString('--expose-gc');
  world.gc = vm.runInNewContext('gc') as () => void;
}
