// An error belongs to whoever caused it, once: the call itself where it can know, else the first read of what the GPU refused to make.
import { expect, pageOf, test } from '../harness.ts';
import type { Thrown } from './thrown.ts';

const page = pageOf<typeof import('./blame.page.ts')>('/e2e/gpu/blame.page.ts');

function expectError(said: Thrown | null | 'later' | undefined, name: string, ...parts: RegExp[]): void {
  expect.soft(said, JSON.stringify(said)).toMatchObject({ name });
  for (const part of parts) expect.soft((said as Thrown | null)?.message ?? 'no error').toMatch(part);
}

test('a refused command is told to the reads of what it should have written, once, and everything else goes on', async ({ inPage }) => {
  const r = await inPage(page, 'oneBadCommand');
  expect(r.before).toBeNull();
  expect(r.stranger).toEqual(r.expected);
  expect(r.sibling).toEqual(r.expected);
  expect(r.training).toBeNull();
  expect(r.generation).toBeNull();
  for (const said of r.own) expectError(said, 'GpuCommandError', /^forward: /);
  expect(r.again).toBeNull();
  expect(r.checked).toBeNull();
  expect(r.mended).toEqual(r.expected);
});

test('an error goes with what follows from the refused command, to a loss, gradients and an optimizer, and not beside it', async ({ inPage }) => {
  const r = await inPage(page, 'whatFollows');
  expectError(r.read, 'GpuCommandError', /^forward: /);
  expect(r.after).toBeNull();
  expect(r.good).toBeNull();
  expect(r.beside).toBeNull();
  expectError(r.gradient, 'GpuCommandError', /^forward: /);
  expect(r.checked).toBeNull();
});

test('what nobody reads is told by gpu.check(), once', async ({ inPage }) => {
  const [first, second] = await inPage(page, 'unread');
  expectError(first, 'GpuCommandError', /^forward: /);
  expect(second).toBeNull();
});

test('a source that is mapped, small, unfit or of another device is refused by the call; a copy onto itself is none', async ({ inPage }) => {
  const { results, own, expected, within, checked } = await inPage(page, 'sources');
  expectError(results.mapped, 'TypeError', /"given" given for input is mapped \(mapped\): unmap\(\)/);
  expectError(results.notASource, 'TypeError', /COPY_SRC/);
  expectError(results.small, 'RangeError', /120 bytes; the buffer "given" has 16/);
  expectError(results.elsewhere, 'RangeError', /another device/);
  expect(results.elsewhereRaw).toBe('later');
  expect(results.gone).toBe('later');
  expect(results.itself).toBeNull();
  expect(results.itselfRaw).toBeNull();
  expect(own).toEqual(expected);
  expectError(within, 'RangeError', /parts of one GPU buffer/);
  expect(checked).toBeNull();
});

test('an object that was destroyed, or whose network was, says so', async ({ inPage }) => {
  const { results, leaked, checked, output } = await inPage(page, 'destroyedObjects');
  const owners: Record<keyof typeof results, RegExp> = {
    plan: /the plan was destroyed/, planRead: /the plan was destroyed/, planBackward: /the plan was destroyed/,
    planOfDestroyed: /the plan was destroyed/, network: /the gru network was destroyed/, networkRead: /the gru network was destroyed/,
    networkWrite: /the gru network was destroyed/, networkZero: /the gru network was destroyed/, stream: /the stream was destroyed/,
    linear: /the linear plan was destroyed/, linearOfDestroyed: /the linear plan was destroyed/, attention: /the attention plan was destroyed/,
    loss: /the loss was destroyed/, lossRead: /the loss was destroyed/, update: /the optimizer was destroyed/, updateOfDestroyed: /optimizer step cannot run: the gru network was destroyed/,
  };
  expect(Object.keys(results).sort()).toEqual(Object.keys(owners).sort());
  for (const [name, owner] of Object.entries(owners)) expectError(results[name], 'DestroyedError', owner, /Make another/);
  for (const [name, bytes] of Object.entries(leaked)) expect.soft(bytes, `${name}, bytes kept`).toBe(0);
  expect(checked).toBeNull();
  expect(output.some((x) => x !== 0)).toBe(true);
});

test('a model or a trainer that is destroyed in the midst of a run, a generation or an evaluation ends that, and nothing else', async ({ inPage }) => {
  const { results, checked, after } = await inPage(page, 'destroyedMeanwhile');
  const owners: Record<string, RegExp> = {
    modelGenerating: /the model was destroyed/, modelInLoop: /the model was destroyed/, modelBetweenRuns: /the model was destroyed/, modelBeforeTrainer: /the model was destroyed/,
    trainerInLoop: /the trainer was destroyed/, trainerBetweenRuns: /the trainer was destroyed/, trainerEvaluating: /the (trainer|evaluation) was destroyed/,
    trainerBeforeEvaluating: /the trainer was destroyed/, trainerCheckpoint: /the trainer was destroyed/,
  };
  expect(Object.keys(results).sort()).toEqual(Object.keys(owners).sort());
  for (const [name, owner] of Object.entries(owners)) expectError(results[name], 'DestroyedError', owner);
  expect(checked).toBeNull();
  expect(after).toBeNull();
});

test("tuning is not blamed for another's error", async ({ inPage }) => {
  const { tuned, own } = await inPage(page, 'tuneBeside');
  expect(tuned).toBeNull();
  expectError(own, 'GpuCommandError', /^forward: /);
});

test('an object whose memory the GPU refuses says how much it was, once, keeps none of it, and can be made again smaller', async ({ inPage }) => {
  const results = await inPage(page, 'refusedMemory');
  const owners: Record<string, RegExp> = {
    model: /the memory of the model/, trainer: /the memory of the trainer/, plan: /the memory of the plan/, network: /the memory of the gru network/,
    stream: /the memory of the stream/, update: /the memory of the optimizer/, generation: /the memory of the generation/, evaluation: /the memory of the evaluation/,
  };
  expect(Object.keys(results).sort()).toEqual(Object.keys(owners).sort());
  for (const [name, owner] of Object.entries(owners)) {
    const { first, bytes, checked, again } = results[name]!;
    expectError(first, 'OutOfMemoryError', owner, /\d+ bytes in \d+ buffers/, /use a smaller batch/);
    expect.soft(checked, `${name}, check`).toBeNull();
    expect.soft(bytes, `${name}, bytes kept`).toBe(0);
    expect.soft(again, `${name}, again`).toBeNull();
  }
});

test('a plan without memory goes on saying so', async ({ inPage }) => {
  const { first, then } = await inPage(page, 'usedAfterRefusal');
  expectError(first, 'OutOfMemoryError', /the memory of the plan/);
  expectError(then, 'OutOfMemoryError', /the memory of the plan/);
});

test('a generation that is left, aborted or fails frees all that it had; gpu.destroy() leaves an application no buffer', async ({ inPage }) => {
  const { after, live } = await inPage(page, 'left');
  expect(after.whole!.said).toBeNull();
  expect(after.left!.said).toBeNull();
  expect(after.aborted!.said?.name).toBe('AbortError');
  expect(after.failed!.said?.message).toBe('the queue is closed');
  for (const [name, { buffers, bytes }] of Object.entries(after)) expect.soft({ buffers, bytes }, name).toEqual({ buffers: 0, bytes: 0 });
  expect(live).toBe(0);
});
