// What an adapter is, what it can do and how exact it is, asked of WebGPU itself.
import { measureAccuracy, type AccuracyReport } from './accuracy.ts';
import { measureDispatches, type DispatchCosts } from './dispatches.ts';

export interface AdapterReport {
  readonly name: string;
  readonly info: Readonly<Record<string, string | number | boolean>>;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export interface ProbeReport {
  readonly adapter: AdapterReport;
  readonly accuracy: AccuracyReport;
  /** Null where they were not asked for. */
  readonly dispatches: DispatchCosts | null;
}

const INFO = ['vendor', 'architecture', 'device', 'description', 'subgroupMinSize', 'subgroupMaxSize', 'isFallbackAdapter'] as const;
/** What the engine takes where it is there. */
const FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

async function requestAdapter(): Promise<GPUAdapter> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('WebGPU gives no adapter here');
  return adapter;
}

function describe({ info, features, limits }: GPUAdapter): AdapterReport {
  const known = Object.fromEntries(INFO.flatMap((name) => (info[name] === undefined ? [] : [[name, info[name]]])));
  const names: string[] = [];
  for (const name in limits) if (typeof limits[name as keyof GPUSupportedLimits] === 'number') names.push(name);
  return {
    name: info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ') || 'unnamed adapter',
    info: known,
    features: [...features].sort(),
    limits: Object.fromEntries(names.sort().map((name) => [name, limits[name as keyof GPUSupportedLimits] as number])),
  };
}

/** Only what the adapter says of itself. */
export async function adapter(): Promise<AdapterReport> {
  return describe(await requestAdapter());
}

export async function probe({ dispatches }: { readonly dispatches: boolean }): Promise<ProbeReport> {
  const found = await requestAdapter();
  const device = await found.requestDevice({ label: 'probe', requiredFeatures: FEATURES.filter((name) => found.features.has(name)) });
  try {
    return { adapter: describe(found), accuracy: await measureAccuracy(device), dispatches: dispatches ? await measureDispatches(device) : null };
  } finally {
    device.destroy();
  }
}
