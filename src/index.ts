// The public names. The only re-export file.
export { openDevice, Gpu, type AdapterDescription, type DeviceOptions } from './gpu/device.ts';
export { DeviceLostError, GpuCommandError, ShaderError, WebGPUUnavailableError } from './gpu/errors.ts';
export type { MemoryPlan, Purpose } from './gpu/memory.ts';
export type { KernelTime } from './gpu/profile.ts';
export { cells, type CellName } from './cells/registry.ts';
export { GpuArray, type ArraySource } from './layers/array.ts';
export type { GenerateOptions } from './layers/generate.ts';
export { CharacterModel, createModel, loadModel, type LayerOptions, type ModelOptions } from './layers/model.ts';
export { createRecurrent, Recurrent, type RecurrentOptions } from './layers/recurrent.ts';
export { RecurrentPlan, type BackwardInputs, type ForwardInputs, type PlanOptions } from './layers/recurrent_plan.ts';
export { NotFiniteError } from './train/errors.ts';
export { adam, sgd, type AdamOptions, type Optimizer, type SgdOptions } from './train/optimizer.ts';
export { createTrainer, Trainer, type Progress, type RunOptions, type TrainerOptions, type TrainingText } from './train/trainer.ts';
export { createBatches, split, type Batch, type BatchArrays, type Batches, type BatchOptions } from './text/batches.ts';
export { characters, type CharactersOptions, type Corpus } from './text/characters.ts';
export { createDecoder, type Decoder } from './text/decoder.ts';
export { UNKNOWN, Vocabulary, type Normalization, type UnknownPolicy, type VocabularyJSON } from './text/vocabulary.ts';
export { readSafetensors, SafetensorsError, writeSafetensors, type NamedTensor, type SafetensorsFile, type Tensor } from './io/safetensors.ts';
