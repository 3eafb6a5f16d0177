// The half of `npm run torture` that runs where the engine does: an export for each kind of fault.
export { guardBands } from './bands.ts';
export { company } from './company.ts';
export { endurance } from './endurance.ts';
export { filesDamaged } from './files.ts';
export { fuzz } from './fuzz.ts';
export { deviceDestroyed, processKilled } from './losses.ts';
export { partOfRun } from './parts.ts';
export { adapterName } from './runs.ts';
