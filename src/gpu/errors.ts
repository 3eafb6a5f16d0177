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

/** The GPU refused a command. Found asynchronously, thrown by the next read of what the command should have written, once. */
export class GpuCommandError extends Error {
  override readonly name = 'GpuCommandError';
}

/** The GPU had no memory for an object. Found asynchronously; the object has none of its memory then, and everything else goes on. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
  /** Bytes that the object asked for. */
  readonly bytes: number;

  constructor(owner: string, bytes: number, buffers: number, said: string) {
    super(
      `the GPU refused the memory of ${owner}: ${bytes} bytes in ${buffers} ${buffers === 1 ? 'buffer' : 'buffers'} (${said}). ` +
        'None of it is kept: use a smaller batch, fewer steps a window, or a smaller hidden size or vocabulary, or destroy what is not used any more',
    );
    this.bytes = bytes;
  }
}

/** An object was used after its `destroy()`, or after that of what it is made on. */
export class DestroyedError extends Error {
  override readonly name = 'DestroyedError';

  constructor(owner: string, use: string) {
    super(`${use}: ${owner} was destroyed and its memory freed. Make another, or destroy it after its last use`);
  }
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
