// The public names. The only re-export file.
export type { AdapterDescription } from './gpu/adapter.ts';
export { openDevice, Gpu, type DeviceOptions } from './gpu/device.ts';
export { DestroyedError, DeviceLostError, GpuCommandError, OutOfMemoryError, ShaderError, WebGPUUnavailableError } from './gpu/errors.ts';
export type { MemoryPlan, Purpose } from './gpu/memory.ts';
export type { KernelTime } from './gpu/profile.ts';
export type { TuneMode } from './gpu/tuned_tiles.ts';
export type { CandidateTime, TuningProgress } from './gpu/tuning_task.ts';
export { tune, type TunedOp, type TuneOptions } from './scheduler/tuner.ts';
export type { Activation, CellOptions } from './cells/activation.ts';
export { cells, type CellName } from './cells/registry.ts';
export { IGNORE_INDEX } from './kernels/loss.ts';
export { GpuArray, type ArrayBinding, type ArraySource } from './layers/array.ts';
export { Attention, createAttention, type AttentionOptions } from './layers/attention.ts';
export { AttentionPlan, type AttentionInputs, type AttentionPlanOptions, type AttentionScore } from './layers/attention_plan.ts';
export type { Precision } from './layers/precision.ts';
export type { GenerateOptions } from './language/generate.ts';
export { createLanguageModel, LanguageModel, loadLanguageModel, type LanguageModelOptions } from './language/language_model.ts';
export type { LoadOptions } from './language/model_file.ts';
export type { EmbeddingOptions, LayerOptions } from './language/model_shape.ts';
export { createEmbedding, Embedding, EmbeddingPlan, type EmbeddingOperatorOptions, type EmbeddingPlanOptions } from './layers/embedding.ts';
export { createLinear, Linear, LinearPlan, type LinearOptions, type LinearPlanOptions } from './layers/linear_operator.ts';
export type { LayerTrace } from './layers/plan_trace.ts';
export { createRecurrent, Recurrent, type RecurrentOptions } from './layers/recurrent.ts';
export { Module } from './layers/module.ts';
export { RecurrentPlan, type BackwardInputs, type ForwardInputs, type PlanOptions } from './layers/recurrent_plan.ts';
export type { LoadStateOptions, StateSource } from './layers/state_dict.ts';
export { RecurrentStream, type StreamSnapshot } from './layers/recurrent_stream.ts';
export { NotFiniteModelError } from './language/not_finite.ts';
export { NotFiniteError } from './language/errors.ts';
export type { AllowedDifference, RestoreOptions } from './language/checkpoint.ts';
export type { Clip } from './train/clip.ts';
export { evaluate, type Evaluation, type EvaluationOptions } from './language/evaluator.ts';
export { createLoss, Loss, type LossInputs, type LossResult } from './train/loss.ts';
export type { LossName, LossOptions } from './train/loss_window.ts';
export {
  adam, adamw, rmsprop, sgd, type AdamOptions, type RmspropOptions, type SgdOptions, type UpdateRule,
} from './train/update_rule.ts';
export { constant, cosine, learningRateAt, stepDecay, warmUp, type LearningRateSchedule } from './train/schedule.ts';
export {
  resumableRun, TrainingInterruptedError, type ResumableCheckpoint, type ResumableOptions, type ResumableProgress,
} from './language/resumable_run.ts';
export { createTrainer, Trainer, type Progress, type RunOptions, type TrainerOptions } from './language/trainer.ts';
export { createOptimizer, Optimizer, type OptimizerOptions, type OptimizerStep, type Trainable } from './train/optimizer.ts';
export type { AllowedOptimizerDifference, OptimizerRestoreOptions } from './train/optimizer_file.ts';
export type { WindowOptions } from './language/text_window.ts';
export { createBatches, type Batch, type BatchArrays, type Batches, type BatchOptions } from './text/batches.ts';
export { characters, type CharactersOptions, type Corpus } from './text/characters.ts';
export { split, type SplitOptions } from './text/split.ts';
export type { TrainingText } from './text/streams.ts';
export { createDecoder, type Decoder } from './text/decoder.ts';
export { UNKNOWN, Vocabulary, type Normalization, type UnknownPolicy, type VocabularyJSON } from './text/vocabulary.ts';
export { readSafetensors, SafetensorsError, writeSafetensors, type NamedTensor, type SafetensorsFile, type Tensor } from './io/safetensors.ts';
