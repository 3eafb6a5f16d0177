// `npm run torture -- --short`: some faults of every kind, in a browser of its own, and nothing is lost.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'playwright/test';

const SCRIPT = resolve(import.meta.dirname, '../../tools/torture.mjs');

function torture(words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...words], { encoding: 'utf8', timeout: 800_000 });
  return { status, stdout, stderr };
}

/** Of each kind a fault that a short run injects. */
const FAULTS = [
  'the device is destroyed while training', 'the device is destroyed while generating', 'the device is destroyed while checkpointing', 'the GPU process is killed while', 'a file cut off at a write boundary',
  'a file written over an older one up to a boundary', 'a bit of a file flipped', 'the kept tuning torn or flipped', 'fuzz: texts of any Unicode', 'fuzz: files with other claims', 'a training step',
  'a plan made, used and destroyed', 'a model made and destroyed', 'a generation', 'an abort of', 'guard bands of', 'guard bands of models', 'two models and two trainers on one device',
];

test('a short torture loses nothing', () => {
  test.setTimeout(840_000); // below a minute on a machine that has nothing else to do; each lost device compiles its kernels again
  const { status, stdout, stderr } = torture(['--short']);
  expect(status, stdout + stderr).toBe(0);
  for (const fault of FAULTS) expect(stdout).toContain(`| ${fault}`);
  const rows = [...stdout.matchAll(/^\| (.+) \| (\d+) \| (\d+) \| (\d+) \|$/gm)];
  for (const [row, , injected, survived, lost] of rows) expect([Number(survived) === Number(injected), Number(injected) > 0, lost], row).toEqual([true, true, '0']);
});

test('wrong words end with their own status', () => {
  const { status, stderr } = torture(['--only', 'nothing']);
  expect(status).toBe(2);
  expect(stderr).toBe('torture: --only is "nothing"; it must be one of device, process, page, files, fuzz, endurance, bands, company\n');
});
