// @ts-check
// `npm run pack:gpu [-- --out FOLDER] [--cases FOLDER]`: a folder for a Linux machine on x86-64 that has a GPU and nothing else.
// `OUT=RESULTS bash FOLDER/run.sh` there measures all that such a machine can tell.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stage } from './pack/contents.mjs';

const ROOT = resolve(import.meta.dirname, '..');
/** Bytes of the folder. */
const MOST = 48 * 2 ** 20;
const PACK_MS = 15 * 60_000;

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist/gpu' }, cases: { type: 'string' } } });
if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(`pack:gpu takes this machine's own Node along, so it needs Linux on x64; this is ${process.platform} on ${process.arch}`);

const out = resolve(ROOT, values.out);
const staged = mkdtempSync(join(os.tmpdir(), 'unfold-pack-'));
try {
  const say = (/** @type {string} */ line) => console.log(`pack:gpu: ${line}`);
  await stage(staged, { cases: values.cases, say });
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  say('compressing (a minute or two)');
  const { status, stderr } = spawnSync('tar', ['-C', staged, '--sort=name', '--owner=0', '--group=0', '-cJf', join(out, 'payload.tar.xz'), '.'],
    { env: { ...process.env, XZ_OPT: '-9e -T2 --block-size=100MiB' }, encoding: 'utf8', timeout: PACK_MS });
  if (status !== 0) throw new Error(`tar with xz failed: ${stderr.trim()}; Debian has both as tar and xz-utils`);
  copyFileSync(join(ROOT, 'tools/pack/run.sh'), join(out, 'run.sh'));
  const bytes = readdirSync(out).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  if (bytes > MOST) throw new Error(`the folder has ${(bytes / 2 ** 20).toFixed(1)} MiB; at most ${MOST / 2 ** 20} are allowed. Look at what tools/pack/contents.mjs takes along`);
  say(`${values.out} has ${(bytes / 2 ** 20).toFixed(1)} MiB; there: OUT=RESULTS bash ${values.out}/run.sh`);
} finally {
  rmSync(staged, { recursive: true, force: true });
}
