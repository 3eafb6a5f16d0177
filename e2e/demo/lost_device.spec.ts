// The GPU process dies under a run: the run goes on by itself as long as there is a GPU, and stays on the page when there is none.

import { chromium, type Browser, type Page } from 'playwright/test';
import { expect, test } from '../harness.ts';
import { button, chooseTiny, numberOf, openDemo, status, waitForStep } from './controls.ts';

test.describe.configure({ timeout: 180_000 });

/** Ends the process that has the GPU. Chromium gives no adapter any more after the second time. */
async function crashGpu(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess').catch(() => undefined);
}

/** A browser of its own, because a crash takes the GPU from every page; trained, and paused with a checkpoint, whose step is given. */
const paused = test.extend<{ own: { browser: Browser; page: Page; step: number } }>({
  own: async ({ launchOptions }, use) => {
    const browser = await chromium.launch(launchOptions);
    const page = await browser.newPage({ locale: 'en-US' });
    await openDemo(page);
    await chooseTiny(page);
    await page.getByLabel('Sampling interval').fill('5');
    await button(page, 'Train').click();
    await waitForStep(page, 6, 60_000);
    await button(page, 'Pause').click();
    await expect(status(page)).toHaveText(/^Paused/, { timeout: 30_000 });
    await use({ browser, page, step: await numberOf(page, 'Step') });
    await browser.close();
  },
});

/** Of the loss chart, whose canvas the crash may have emptied. */
const drawnPixels = (page: Page): Promise<number> => page.locator('#loss-chart canvas').evaluate((canvas: HTMLCanvasElement) => {
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, i) => i % 4 === 3 && value > 0).length;
});

const banner = (page: Page) => page.getByRole('heading', { name: 'Training has stopped, and the run is kept' });

paused('a run goes on by itself through the loss of its device, and is kept and saved when no other can be had', async ({ own: { browser, page, step }, launchOptions }) => {
  await button(page, 'Continue').click();
  await waitForStep(page, step + 2);
  await crashGpu(browser);
  await expect(page.getByText(/^The GPU was lost at step [\d,]+ and opened again\. Training went on from the checkpoint of step [\d,]+\.$/)).toBeVisible({ timeout: 60_000 });
  await expect(status(page)).toHaveText('Training.');
  await expect(banner(page)).toBeHidden();
  const before = await numberOf(page, 'Step');
  await waitForStep(page, before + 4);

  await crashGpu(browser);
  await expect(status(page)).toHaveText(/^The GPU was lost\. Opening it again and going on from step [\d,]+…$/, { timeout: 20_000 });
  await expect(button(page, 'Pause')).toBeEnabled();
  await expect(banner(page)).toBeVisible({ timeout: 40_000 });
  expect(await page.getByRole('listitem').count()).toBeGreaterThan(0);
  expect(await numberOf(page, 'Step')).toBeGreaterThan(before);
  await expect.poll(() => drawnPixels(page), { message: 'pixels of the loss chart' }).toBeGreaterThan(1000);

  await button(page, 'Try to continue').click();
  await expect(banner(page)).toBeVisible({ timeout: 20_000 });
  const kept = /is of step ([\d,]+)\./.exec(await page.getByText(/^The last checkpoint is of step/).innerText())![1]!;
  const downloading = page.waitForEvent('download');
  await page.getByRole('alert').getByRole('button', { name: 'Save checkpoint' }).click();
  const file = await (await downloading).path();

  const another = await chromium.launch(launchOptions);
  try {
    const fresh = await another.newPage({ locale: 'en-US' });
    await openDemo(fresh);
    const choosing = fresh.waitForEvent('filechooser');
    await button(fresh, 'Load checkpoint…').click();
    await (await choosing).setFiles(file);
    await expect(status(fresh)).toHaveText(`Checkpoint loaded, step ${kept}. Press Continue.`, { timeout: 30_000 });
    await button(fresh, 'Continue').click();
    await waitForStep(fresh, Number(kept.replaceAll(',', '')) + 2, 60_000);
  } finally {
    await another.close();
  }
});

paused('a device lost in a pause is opened again when it is needed, to write and to train', async ({ own: { browser, page, step } }) => {
  await crashGpu(browser);
  await page.waitForTimeout(2000);
  await expect(status(page)).toHaveText(`Paused at step ${step}.`);
  await page.getByLabel('Prompt').fill('The whale ');
  await button(page, 'Write').click();
  await expect(page.getByRole('listitem').filter({ hasText: 'your prompt' }).first()).toContainText('The whale ', { timeout: 60_000 });
  await expect(button(page, 'Write')).toBeEnabled({ timeout: 60_000 });
  await button(page, 'Continue').click();
  await waitForStep(page, step + 2, 60_000);
  await expect(status(page)).toHaveText('Training.');
});

paused('a pause while another device is opened leaves the last checkpoint', async ({ own: { browser, page, step } }) => {
  await crashGpu(browser); // so that the next is the last
  await button(page, 'Continue').click();
  await waitForStep(page, step + 2, 60_000);
  await crashGpu(browser);
  await expect(status(page)).toHaveText(/^The GPU was lost\./, { timeout: 20_000 });
  await button(page, 'Pause').click();
  await expect(status(page)).toHaveText(/^Paused at step [\d,]+\.$/, { timeout: 5000 });
  const downloading = page.waitForEvent('download');
  await button(page, 'Save checkpoint').click();
  expect((await downloading).suggestedFilename()).toMatch(/^unfold-step-\d+\.safetensors$/);
});
