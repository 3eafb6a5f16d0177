// The public names. The only re-export file.
export { openDevice, Gpu, type AdapterDescription, type DeviceOptions } from './gpu/device.ts';
export { DeviceLostError, GpuCommandError, ShaderError, WebGPUUnavailableError } from './gpu/errors.ts';
export type { MemoryPlan, Purpose } from './gpu/memory.ts';
export type { KernelTime } from './gpu/profile.ts';
export { cells, type CellName } from './cells/registry.ts';
export { GpuArray, type ArraySource } from './layers/array.ts';
export { createRecurrent, Recurrent, type RecurrentOptions } from './layers/recurrent.ts';
export { RecurrentPlan, type BackwardInputs, type ForwardInputs, type PlanOptions } from './layers/recurrent_plan.ts';
