// The public names of `unfold-rnn/language`: the character language model, its trainer, its evaluation, and runs that outlive a device.
export type { AllowedDifference, RestoreOptions } from './language/checkpoint.ts';
export { NotFiniteError } from './language/errors.ts';
export { evaluate, type Evaluation, type EvaluationOptions } from './language/evaluator.ts';
export type { GenerateOptions } from './language/generate.ts';
export { createLanguageModel, LanguageModel, loadLanguageModel, type LanguageModelOptions } from './language/language_model.ts';
export type { LoadOptions } from './language/model_file.ts';
export type { EmbeddingOptions, LayerOptions } from './language/model_shape.ts';
export { NotFiniteModelError } from './language/not_finite.ts';
export {
  resumableRun, TrainingInterruptedError, type ResumableCheckpoint, type ResumableOptions, type ResumableProgress,
} from './language/resumable_run.ts';
export type { WindowOptions } from './language/text_window.ts';
export { createTrainer, Trainer, type Progress, type RunOptions, type TrainerOptions } from './language/trainer.ts';
