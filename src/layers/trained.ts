// What a plan has for its backward pass.

/** @throws Error where the plan was made without training */
export function trained<Training>(training: Training | null): Training {
  if (training === null) throw new Error('this plan was made without training: true; plan with it to run a backward pass');
  return training;
}
