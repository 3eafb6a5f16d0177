export type Counts = { passed: number; failed: number; skipped: number; seconds: number };

export type HostResult =
  | { readonly host: string; readonly missing: string }
  | {
      readonly host: string;
      readonly measured: string;
      readonly probe: import('../probe/page.ts').ProbeReport;
      readonly conformance: string[];
      readonly specs: Record<string, Counts>;
      readonly failures: string[];
    };

export function renderHosts(results: readonly HostResult[], adapter: 'default' | 'swiftshader', before: string): string;
