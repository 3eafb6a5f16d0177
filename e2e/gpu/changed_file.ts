// Files that claim something else under a checksum that fits.
import { readSafetensors, type Tensor } from '../../src/safetensors.ts';
import { writeSealed } from '../../src/io/sealed.ts';

/** The same file with other tensors or metadata, and a checksum that fits. */
export function changed(bytes: Uint8Array, change: (file: { tensors: Map<string, Tensor>; metadata: Record<string, string> }) => void): Uint8Array {
  const file = readSafetensors(bytes);
  change(file);
  return writeSealed([...file.tensors].map(([name, { shape, data }]) => ({ name, shape, data })), file.metadata);
}
