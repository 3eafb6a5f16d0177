import { measureAccuracy, type AccuracyReport } from '../../tools/probe/accuracy.ts';

/** Of the adapter at hand, with f16 where it has it. */
export async function accuracyHere(): Promise<AccuracyReport> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('navigator.gpu.requestAdapter() gave no adapter');
  return measureAccuracy(await adapter.requestDevice({ requiredFeatures: adapter.features.has('shader-f16') ? ['shader-f16'] : [] }));
}
