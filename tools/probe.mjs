// @ts-check
// `npm run probe -- [--host NAME] [--adapter NAME] [--toggles] [--json FILE]`: what the adapter of a host is, how exact it is, and what
// a dispatch costs there. Exit status: 0 measured, 1 could not be, 2 wrong use.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { HOSTS, openHost } from './hosts/open.mjs';
import { describeAccuracy } from './probe/describe.mjs';
import { adapterKind } from './setup.mjs';
import { UsageError } from './train/options.mjs';

const HELP = `What the adapter of a host is, how exact its functions are, and what a dispatch costs there.

  npm run probe -- [options]

  --host NAME       ${HOSTS.join(', ')}  (chromium)
  --adapter NAME    swiftshader: the host's software adapter; default: this machine's GPU  (swiftshader)
  --toggles         with node: besides, the features without the toggles that Dawn is given here
  --json FILE       write all of it here
  --help
`;

/** @param {string[]} words */
async function main(words) {
  const options = parse(words);
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const { host: name, adapter, toggles, json } = options;
  const host = await openHost(name, { module: '/tools/probe/page.ts', adapter });
  try {
    const page = await host.open();
    /** @type {import('./probe/page.ts').ProbeReport} */
    const report = await page.call('probe', { dispatches: true });
    await page.close();
    /** @type {import('./probe/page.ts').AdapterReport | null} */
    let plain = null;
    if (toggles) {
      process.env.UNFOLD_DAWN = '';
      const other = await host.open();
      plain = await other.call('adapter');
      await other.close();
    }
    if (json !== null) writeFileSync(json, `${JSON.stringify({ host: name, ...report, withoutToggles: plain }, null, 1)}\n`);
    print(name, report, plain);
  } finally {
    await host.close();
  }
}

/**
 * @param {string} host @param {import('./probe/page.ts').ProbeReport} report
 * @param {import('./probe/page.ts').AdapterReport | null} plain
 */
function print(host, { adapter, accuracy, dispatches }, plain) {
  const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);
  say(`${host}: ${adapter.name}`);
  say(Object.entries(adapter.info).map(([name, value]) => `${name} ${value}`).join(', '));
  say(`features: ${adapter.features.join(', ')}`);
  if (plain) {
    const hidden = adapter.features.filter((feature) => !plain.features.includes(feature));
    say(`without the toggles it lacks: ${hidden.join(', ') || 'nothing'}`);
  }
  for (const name of ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup', 'maxStorageBuffersPerShaderStage']) {
    say(`${name}: ${adapter.limits[name]}`);
  }
  for (const line of describeAccuracy(accuracy)) say(line);
  if (!dispatches) return;
  const micro = (/** @type {number} */ value) => `${value.toFixed(2)} µs`;
  say(`a dispatch that waits for the one before it: ${micro(dispatches.dependent)}, of 256 workgroups ${micro(dispatches.dependentWide)}, in a pass of its own ${micro(dispatches.ownPass)}`);
  say(`encoding one: ${micro(dispatches.encode)}; submitting one and waiting: ${micro(dispatches.submitAndWait)}; and reading its result: ${micro(dispatches.submitAndRead)}`);
}

/** @param {string[]} words */
function parse(words) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  let values;
  try {
    values = parseArgs({ args: words, options: { host: text, adapter: text, toggles: flag, json: text, help: flag } }).values;
  } catch (error) {
    throw new UsageError(`${/** @type {Error} */ (error).message.split(/\.\s/, 1)[0]}; see npm run probe -- --help`);
  }
  if (values.help) return null;
  const host = HOSTS.find((known) => known === (values.host ?? 'chromium'));
  if (!host) throw new UsageError(`--host is ${JSON.stringify(values.host)}; it must be one of ${HOSTS.join(', ')}`);
  const adapter = /** @type {const} */ (['swiftshader', 'default']).find((known) => known === (values.adapter ?? adapterKind()));
  if (!adapter) throw new UsageError(`--adapter is ${JSON.stringify(values.adapter)}; it must be swiftshader or default`);
  if (values.toggles && host !== 'node') throw new UsageError(`--toggles is for the host node, whose Dawn has them; the host is ${host}`);
  return { host, adapter, toggles: values.toggles ?? false, json: values.json ?? null };
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`probe: ${/** @type {Error} */ (error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
