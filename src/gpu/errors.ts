// What can go wrong between this engine and the GPU, by name, each saying what to do next.

/** No usable WebGPU: the browser or runtime lacks it, or no adapter was given. */
export class WebGPUUnavailableError extends Error {
  override readonly name = 'WebGPUUnavailableError';
}

/** The device went away (driver reset, GPU unplugged, `destroy()`); nothing on it can be read any more. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
  readonly reason: string;

  constructor(info: { reason: string; message: string }) {
    super(
      `the GPU device was lost (${info.reason || 'unknown'}: ${info.message || 'no message'}). ` +
        `Open a new one with openDevice() and restore the model or trainer from its last checkpoint.`,
    );
    this.reason = info.reason;
  }
}

/** A shader that did not compile: message, line and text of each complaint. */
export class ShaderError extends Error {
  override readonly name = 'ShaderError';
}

/** The GPU refused a command (validation) or had no memory for it. Found asynchronously, thrown by the next read. */
export class GpuCommandError extends Error {
  override readonly name = 'GpuCommandError';
}

/** Compilation messages as text, each with its line quoted and a caret under the column. */
export function describeCompilation(label: string, code: string, messages: readonly GPUCompilationMessage[]): string {
  const lines = code.split('\n');
  const parts = messages
    .filter((m) => m.type === 'error')
    .map((m) => {
      const text = lines[m.lineNum - 1] ?? '';
      return `${label}:${m.lineNum}:${m.linePos}: ${m.message}\n    ${text}\n    ${' '.repeat(Math.max(0, m.linePos - 1))}^`;
    });
  return parts.length > 0 ? parts.join('\n') : `${label}: the shader did not compile and the browser gave no message`;
}
