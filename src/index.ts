// The public names of `unfold-rnn`: the device, recurrent operators and what trains them. Only this file and its three neighbours
// (language.ts, text.ts, safetensors.ts) re-export, and each public name is in one of them alone.
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
export { createEmbedding, Embedding, EmbeddingPlan, type EmbeddingOperatorOptions, type EmbeddingPlanOptions } from './layers/embedding.ts';
export { createLinear, Linear, LinearPlan, type LinearOptions, type LinearPlanOptions } from './layers/linear_operator.ts';
export type { LayerTrace } from './layers/plan_trace.ts';
export { createRecurrent, Recurrent, type RecurrentOptions } from './layers/recurrent.ts';
export { Module } from './layers/module.ts';
export { RecurrentPlan, type BackwardInputs, type ForwardInputs, type PlanOptions } from './layers/recurrent_plan.ts';
export type { LoadStateOptions, StateSource } from './layers/state_dict.ts';
export { RecurrentStream, type StreamSnapshot } from './layers/recurrent_stream.ts';
export type { Clip } from './train/clip.ts';
export { createLoss, Loss, type LossInputs, type LossResult } from './train/loss.ts';
export type { LossName, LossOptions } from './train/loss_window.ts';
export {
  adam, adamw, rmsprop, sgd, type AdamOptions, type RmspropOptions, type SgdOptions, type UpdateRule,
} from './train/update_rule.ts';
export { constant, cosine, learningRateAt, stepDecay, warmUp, type LearningRateSchedule } from './train/schedule.ts';
export { createOptimizer, Optimizer, type OptimizerOptions, type OptimizerStep, type Trainable } from './train/optimizer.ts';
export type { AllowedOptimizerDifference, OptimizerRestoreOptions } from './train/optimizer_file.ts';
