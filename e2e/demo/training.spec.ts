// One run from Train to Reset, on Moby-Dick through the page's own controls.

import { expect, test } from '../harness.ts';
import type { Page } from 'playwright/test';
import { button, chooseTiny, figure, numberOf, openDemo, status, waitForStep, watchErrors } from './controls.ts';

const LEARN_MS = 75_000;

test.describe.configure({ mode: 'serial', timeout: 120_000 });

let page: Page;
let errors: string[];

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage({ locale: 'en-US' });
  errors = watchErrors(page);
  await openDemo(page);
  await chooseTiny(page);
});

test.afterAll(() => page.close());
test.afterEach(() => expect(errors).toEqual([]));

test('shows the text, its baselines and the software adapter', async () => {
  await expect(page.getByText(/^GPU: .+/)).toBeVisible();
  await expect(page.getByText('This is a software adapter', { exact: false })).toBeVisible();
  expect(await numberOf(page, 'Characters')).toBeGreaterThan(1_000_000);
  const uniform = await numberOf(page, 'Uniform, ln V');
  expect(uniform).toBeCloseTo(Math.log(await numberOf(page, 'Different characters, V')), 3);
  expect(await numberOf(page, 'Unigram entropy')).toBeLessThan(uniform);
});

test('trains: the loss falls clearly below the unigram entropy', async () => {
  await button(page, 'Train').click();
  await waitForStep(page, 1);
  await expect(status(page)).toHaveText('Training.');
  await expect(page.getByText(/^[\d,]+ parameters, [\d.]+ MiB of GPU memory$/)).toBeVisible();
  await expect(page.getByLabel('Hidden size, H')).toBeDisabled();
  await expect(page.getByText('Reset frees them', { exact: false })).toBeVisible();

  const unigram = await numberOf(page, 'Unigram entropy');
  await expect.poll(() => numberOf(page, 'Loss'), { timeout: LEARN_MS }).toBeLessThan(unigram - 0.3);
  await expect(page.getByRole('img', { name: /^Loss chart\. Step [\d,]+: smoothed loss [\d.]+ nats/ })).toBeVisible();
  expect(await numberOf(page, 'Characters/s')).toBeGreaterThan(0);
  expect(await numberOf(page, 'Gradient norm')).toBeGreaterThan(0);
});

test('writes samples as it learns', async () => {
  const first = page.getByRole('region', { name: 'What it writes' }).getByRole('listitem').first();
  await expect(first).toContainText(/^Step [\d,]+/);
  await expect.poll(async () => (await first.locator('p').innerText()).trim().length).toBeGreaterThan(10);
});

test('Pause pauses, and Continue goes on from there', async () => {
  await button(page, 'Pause').click();
  await expect(status(page)).toHaveText(/^Paused at step [\d,]+\.$/);
  const paused = await figure(page, 'Step').innerText();
  await page.waitForTimeout(1500);
  expect(await figure(page, 'Step').innerText()).toBe(paused);
  await expect(status(page)).toHaveText(`Paused at step ${paused}.`);

  await button(page, 'Continue').click();
  await waitForStep(page, Number(paused.replaceAll(',', '')) + 3);
  await expect(status(page)).toHaveText('Training.');
});

test('writes from a prompt while it trains, and stops when told', async () => {
  await page.getByLabel('Length, characters').fill('30');
  await page.getByLabel('Prompt').fill('The whale ');
  await button(page, 'Write').click();
  const written = page.getByRole('listitem').filter({ hasText: 'your prompt' }).first();
  await expect(written).toContainText('The whale ');
  await expect(button(page, 'Write')).toBeEnabled();
  expect((await written.locator('p').textContent())!.length).toBe('The whale '.length + 30);

  await page.getByLabel('Length, characters').fill('5000');
  await button(page, 'Write').click();
  await expect(button(page, 'Stop')).toBeEnabled();
  await button(page, 'Stop').click();
  await expect(button(page, 'Write')).toBeEnabled();
});

test('a prompt with a character that the text lacks is refused beside the prompt', async () => {
  await page.getByLabel('Prompt').fill('고래');
  await button(page, 'Write').click();
  await expect(page.getByRole('alert').filter({ hasText: '고' })).toBeVisible();
  await page.getByLabel('Prompt').fill('The ');
  await expect(page.getByRole('alert').filter({ hasText: '고' })).toBeHidden();
});

test('a checkpoint goes to a file and comes back after Reset', async () => {
  await button(page, 'Pause').click();
  await expect(status(page)).toHaveText(/^Paused/);
  const saved = await figure(page, 'Step').innerText();
  const downloading = page.waitForEvent('download');
  await button(page, 'Save checkpoint').click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`unfold-step-${saved.replaceAll(',', '')}.safetensors`);
  const path = await download.path();

  await button(page, 'Reset').click();
  await expect(status(page)).toHaveText('Ready. Press Train.');
  await expect(figure(page, 'Step')).toHaveText('–');
  await expect(page.getByRole('listitem')).toHaveCount(0);
  await expect(page.getByLabel('Hidden size, H')).toBeEnabled();
  await page.getByLabel('Hidden size, H').fill('17'); // the file knows better

  const choosing = page.waitForEvent('filechooser');
  await button(page, 'Load checkpoint…').click();
  await (await choosing).setFiles(path);
  await expect(status(page)).toHaveText(`Checkpoint loaded, step ${saved}. Press Continue.`);
  await expect(page.getByLabel('Hidden size, H')).toHaveValue('32');
  await button(page, 'Continue').click();
  await waitForStep(page, Number(saved.replaceAll(',', '')) + 2);
  const unigram = await numberOf(page, 'Unigram entropy');
  expect(await numberOf(page, 'Loss')).toBeLessThan(unigram); // a new model would be above it
});
