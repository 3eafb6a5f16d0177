// The demo page as its readers use it: by labels, buttons and what it says.

import { expect, serverUrl } from '../harness.ts';
import type { Page } from 'playwright/test';

/** Small enough that the software adapter takes many steps a second. */
export const TINY = { 'Layers': '1', 'Hidden size, H': '32', 'Embedding': 'one-hot', 'Batch, N': '8', 'Window, T': '16', 'Length, characters': '40' } as const;
/** Compiling the kernels on the software adapter, beside the other tests. */
export const FIRST_STEP_MS = 30_000;

/** Opens the page and waits until the GPU is open and the text is read. */
export async function openDemo(page: Page): Promise<void> {
  await page.goto(`${serverUrl()}/demo/`);
  await expect(button(page, 'Train')).toBeEnabled({ timeout: FIRST_STEP_MS });
}

/** The learning rate is 10^-1.8, high enough for a short test. */
export async function chooseTiny(page: Page, sizes: Readonly<Record<string, string>> = TINY): Promise<void> {
  for (const [label, value] of Object.entries(sizes)) {
    if (label === 'Layers' || label === 'Embedding') await page.getByRole('combobox', { name: label }).selectOption(value);
    else await page.getByRole('spinbutton', { name: label }).fill(value);
  }
  await page.getByRole('slider', { name: 'Learning rate' }).fill('-1.8');
}

export async function chooseOwnText(page: Page, text: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Text to learn' }).selectOption('My own text');
  await page.getByLabel('Paste text, or drop a .txt file here').fill(text);
}

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

export const status = (page: Page) => page.getByRole('region', { name: 'Training' }).getByRole('status');

/** What stands beside a name, in the run's figures or the text's. */
export function figure(page: Page, name: string) {
  return page.locator('dl > div').filter({ has: page.getByText(name, { exact: true }) }).getByRole('definition');
}

/** The first number of a figure; NaN while there is none. */
export async function numberOf(page: Page, name: string): Promise<number> {
  return Number.parseFloat((await figure(page, name).innerText()).replaceAll(',', ''));
}

export async function waitForStep(page: Page, step: number, timeout = FIRST_STEP_MS): Promise<void> {
  await expect.poll(() => numberOf(page, 'Step'), { message: `step ${step}`, timeout }).toBeGreaterThanOrEqual(step);
}

/** Everything that the page itself got wrong: exceptions and console errors. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return errors;
}
