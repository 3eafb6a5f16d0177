// Which adapter a device is of, in words.

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** A software adapter: correct, and slow. */
  readonly isFallback: boolean;
  /** The adapter's name for people. */
  readonly name: string;
}

/** Browsers of before 2024 say nothing of a device's adapter. */
export function describeAdapter(info: Partial<GPUAdapterInfo> | undefined): AdapterDescription {
  const { vendor = '', architecture = '', device = '', description = '', isFallbackAdapter = false } = info ?? {};
  const text = `${vendor} ${architecture} ${device} ${description}`.toLowerCase();
  const isFallback = isFallbackAdapter || /swiftshader|llvmpipe|software|basic render/.test(text);
  const name = description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed adapter';
  return { vendor, architecture, device, description, isFallback, name };
}
