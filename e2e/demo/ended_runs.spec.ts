// A run that diverges, and memory that the GPU refuses: what was good is offered again, and the page goes on without a reload.

import type { Page } from 'playwright/test';
import { expect, test } from '../harness.ts';
import { button, chooseTiny, figure, numberOf, openDemo, status, waitForStep } from './controls.ts';

test.use({ locale: 'en-US' });
test.describe.configure({ timeout: 150_000 });

/** The slider goes to a rate that takes every weight out of float32. */
async function chooseRuin(page: Page): Promise<void> {
  const rate = page.getByRole('slider', { name: 'Learning rate' });
  await rate.evaluate((input: HTMLInputElement) => {
    input.max = '38';
  });
  await rate.fill('38');
}

test('a run that diverges offers its last checkpoint, to go back to and to save', async ({ page }) => {
  await openDemo(page);
  await chooseTiny(page);
  await button(page, 'Train').click();
  await waitForStep(page, 4, 60_000);
  await button(page, 'Pause').click(); // a pause takes a checkpoint
  await expect(status(page)).toHaveText(/^Paused/, { timeout: 30_000 });
  const step = await figure(page, 'Step').innerText();
  await chooseRuin(page);
  await button(page, 'Continue').click();
  await expect(page.getByRole('heading', { name: 'Training diverged' })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText(new RegExp(`^The last checkpoint is of step ${step}, where the smoothed loss was \\d\\.\\d\\d nats per character\\.$`))).toBeVisible();
  await expect(button(page, 'Continue')).toBeDisabled();
  const downloading = page.waitForEvent('download');
  await page.getByRole('alert').getByRole('button', { name: 'Save checkpoint' }).click();
  expect((await downloading).suggestedFilename()).toBe(`unfold-step-${step.replaceAll(',', '')}.safetensors`);

  await button(page, `Go back to step ${step}`).click();
  await expect(status(page)).toHaveText(`Back at step ${step}. Choose a lower learning rate, then press Continue.`);
  await expect(figure(page, 'Step')).toHaveText(step);
  const rate = page.getByRole('slider', { name: 'Learning rate' });
  await expect(rate).toBeFocused();
  await rate.fill('-1.8');
  await button(page, 'Continue').click();
  await waitForStep(page, Number(step.replaceAll(',', '')) + 3, 60_000);
  await expect(status(page)).toHaveText('Training.');
  expect(await numberOf(page, 'Loss')).toBeLessThan(10);
});

test('a run that diverges before its first checkpoint begins again after Reset', async ({ page }) => {
  await openDemo(page);
  await chooseTiny(page);
  await chooseRuin(page);
  await button(page, 'Train').click();
  await expect(page.getByRole('heading', { name: 'Training diverged' })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText('It happened before the first checkpoint. Press Reset', { exact: false })).toBeVisible();
  await button(page, 'Reset').click();
  await expect(status(page)).toHaveText('Ready. Press Train.');
  await expect(page.getByRole('heading', { name: 'Training diverged' })).toBeHidden();
  await page.getByRole('slider', { name: 'Learning rate' }).fill('-1.8');
  await button(page, 'Train').click();
  await waitForStep(page, 2, 60_000);
});

test('after memory that the GPU refuses smaller sizes train, without a reload', async ({ page }) => {
  // A GPU that has no memory for targets of more than 4 KiB: it is asked for more than any has.
  await page.route('**/demo/worker.ts*', async (route) => {
    const response = await route.fetch();
    const small = `{ const create = GPUDevice.prototype.createBuffer;
      GPUDevice.prototype.createBuffer = function (given) { return create.call(this, given.label === 'targets' && given.size > 4096 ? { ...given, size: 2 ** 45 } : given); }; }`;
    await route.fulfill({ response, body: `${await response.text()}\n${small}` });
  });
  await openDemo(page);
  await chooseTiny(page);
  await page.getByRole('spinbutton', { name: 'Batch, N' }).fill('512');
  await button(page, 'Train').click();
  const alert = page.locator('details', { hasText: 'Batch, N' }).getByRole('alert');
  await expect(alert).toHaveText(/^The GPU has too little memory: it refused [\d.]+ MiB\. Choose a smaller hidden size, batch or window, then press Train\.$/, { timeout: 30_000 });
  await expect(status(page)).toHaveText('Ready. Press Train.');
  await page.getByRole('spinbutton', { name: 'Batch, N' }).fill('8');
  await button(page, 'Train').click();
  await waitForStep(page, 2, 60_000);
  await expect(alert).toBeHidden();
});
