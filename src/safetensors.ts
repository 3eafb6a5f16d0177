// The public names of `unfold-rnn/safetensors`: files of tensors, read and written without a GPU.
export { readSafetensors, SafetensorsError, writeSafetensors, type NamedTensor, type SafetensorsFile, type Tensor } from './io/safetensors.ts';
