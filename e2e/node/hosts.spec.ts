// The commands that choose a host, without one: how they answer to wrong words, and what their table and their time limits say.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { renderHosts } from '../../tools/hosts/table.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');

function command(script: string, words: readonly string[], variables: Record<string, string> = {}) {
  return spawnSync(process.execPath, [path.join(ROOT, script), ...words], { cwd: ROOT, env: { ...process.env, ...variables }, encoding: 'utf8', timeout: 60_000 });
}

for (const [script, words, expected] of [
  ['tools/test_gpu.mjs', ['--host', 'safari'], 'test:gpu: --host is "safari"; it must be one of chromium, node, deno, firefox'],
  ['tools/test_gpu.mjs', ['--host'], 'test:gpu: --host is given without a name; it must be one of chromium, node, deno, firefox'],
  ['tools/conformance.mjs', ['.', '--host', 'safari'], 'conformance: --host is "safari"; it must be one of chromium, node, deno, firefox'],
  ['tools/probe.mjs', ['--host', 'safari'], 'probe: --host is "safari"; it must be one of chromium, node, deno, firefox'],
  ['tools/probe.mjs', ['--adapter', 'gpu'], 'probe: --adapter is "gpu"; it must be swiftshader or default'],
  ['tools/probe.mjs', ['--toggles'], 'probe: --toggles is for the host node, whose Dawn has them; the host is chromium'],
  ['tools/probe.mjs', ['--tog'], "probe: Unknown option '--tog'"],
  ['tools/hosts.mjs', ['--only', 'deno,safari'], 'hosts: --only has safari, which must be one of chromium, node, deno, firefox'],
  ['tools/hosts.mjs', ['--specs', 'some'], 'hosts: --specs is on or off; some was given'],
] as const) {
  test(`${script} ${words.join(' ')} is refused in one line`, () => {
    const { status, stderr, stdout } = command(script, words);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(expected);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
}

test('a host that is missing says what to install', () => {
  const { status, stderr } = command('tools/probe.mjs', ['--host', 'firefox'], { UNFOLD_FIREFOX: '/nowhere/firefox' });
  expect(status).toBe(1);
  expect(stderr).toContain('UNFOLD_FIREFOX is /nowhere/firefox, where no file is');
});

test('a host that is not measured anew keeps its rows in both tables, and one that is missing has none', () => {
  const row = (host: string, cell: string): string => `| ${host} | ${cell} |`;
  const before = ['| host | measured |', row('Node (Dawn, Tint)', 'day 1'), row('Deno (wgpu, naga)', 'day 2'), '', '| host | tanh |', row('Node (Dawn, Tint)', '1e-7'), row('Deno (wgpu, naga)', '2e-7')].join('\n');
  const lines = renderHosts([{ host: 'deno', missing: 'Deno is not installed' }], 'swiftshader', before).split('\n');
  expect(lines.filter((line) => line.startsWith('| Node'))).toEqual([row('Node (Dawn, Tint)', 'day 1'), row('Node (Dawn, Tint)', '1e-7')]);
  expect(lines.filter((line) => line.startsWith('| Deno'))).toEqual([]);
  expect(lines).toContain('Deno (wgpu, naga) was not measured: Deno is not installed.');
});
