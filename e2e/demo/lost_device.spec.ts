// The GPU process dies under a run: the page says so, keeps what it showed, and goes on from the last checkpoint.

import { chromium } from 'playwright/test';
import { expect, test } from '../harness.ts';
import { button, chooseTiny, numberOf, openDemo, status, waitForStep } from './controls.ts';

test.describe.configure({ timeout: 90_000 });

// A browser of its own: the crash takes the GPU from every page of it.
test('a lost device can be reopened and continued', async ({ launchOptions }) => {
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage({ locale: 'en-US' });
    await openDemo(page);
    await chooseTiny(page);
    await page.getByLabel('Sampling interval').fill('5');
    await button(page, 'Train').click();
    await waitForStep(page, 6);
    await button(page, 'Pause').click(); // a pause takes a checkpoint
    await expect(status(page)).toHaveText(/^Paused/);
    const checkpoint = await numberOf(page, 'Step');
    await button(page, 'Continue').click();
    await waitForStep(page, checkpoint + 2);

    const session = await browser.newBrowserCDPSession();
    await session.send('Browser.crashGpuProcess').catch(() => undefined);
    await expect(page.getByRole('heading', { name: 'The GPU device was lost' })).toBeVisible({ timeout: 20_000 });
    await expect(page.getByText(/^The last checkpoint in memory is of step [\d,]+\.$/)).toBeVisible();
    expect(await page.getByRole('listitem').count()).toBeGreaterThan(0);
    expect(await numberOf(page, 'Step')).toBeGreaterThan(checkpoint);

    await button(page, 'Reopen and continue').click();
    await expect(status(page)).toHaveText('Training.', { timeout: 30_000 });
    await waitForStep(page, checkpoint + 4);
    await expect(page.getByRole('heading', { name: 'The GPU device was lost' })).toBeHidden();
    expect(await page.getByRole('listitem').count()).toBeGreaterThan(0);
  } finally {
    await browser.close();
  }
});
