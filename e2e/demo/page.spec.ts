// What the page says and refuses: languages, texts, settings out of range, and a browser without WebGPU.

import { expect, serverUrl, test } from '../harness.ts';
import { button, chooseOwnText, chooseTiny, figure, numberOf, openDemo, status, waitForStep } from './controls.ts';

test.use({ locale: 'en-US' });

test('switches between English and Korean, and remembers', async ({ page }) => {
  await openDemo(page);
  await button(page, '한국어').click();
  await expect(button(page, '학습 시작')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'ko');
  await expect(button(page, '한국어')).toHaveAttribute('aria-pressed', 'true');
  await page.reload();
  await expect(button(page, '학습 시작')).toBeVisible();
  await button(page, 'English').click();
  await expect(button(page, 'Train')).toBeVisible();
});

test.describe('with a Korean browser', () => {
  test.use({ locale: 'ko-KR' });
  test('starts in Korean', async ({ page }) => {
    await page.goto(`${serverUrl()}/demo/`);
    await expect(button(page, '학습 시작')).toBeVisible();
  });
});

test('Hangul by jamo is a longer text of a smaller alphabet', async ({ page }) => {
  await openDemo(page);
  await expect(page.getByLabel('by jamo (NFD)')).toBeHidden(); // Moby-Dick has no Hangul
  await page.getByRole('combobox', { name: 'Text to learn' }).selectOption({ label: 'Eight poems, Kim Sowol (Korean, 1925)' });
  await expect(page.getByText('A very small text', { exact: false })).toBeVisible();
  await expect.poll(() => numberOf(page, 'Characters')).toBeLessThan(2000);
  const [syllables, alphabet] = [await numberOf(page, 'Characters'), await numberOf(page, 'Different characters, V')];
  await page.getByLabel('by jamo (NFD)').check();
  await expect.poll(() => numberOf(page, 'Characters')).toBeGreaterThan(1.5 * syllables);
  expect(await numberOf(page, 'Different characters, V')).toBeLessThan(alphabet / 2);
});

test('a checkpoint of a text by jamo is opened by jamo, whatever the page is set to', async ({ page }) => {
  test.setTimeout(120_000);
  await openDemo(page);
  await chooseTiny(page);
  await chooseOwnText(page, '나 보기가 역겨워 가실 때에는 말없이 고이 보내 드리우리다 '.repeat(10));
  await page.getByLabel('by jamo (NFD)').check();
  await button(page, 'Train').click();
  await waitForStep(page, 2, 60_000);
  await button(page, 'Pause').click();
  await expect(status(page)).toHaveText(/^Paused at step/);
  const jamo = await numberOf(page, 'Characters');
  const downloading = page.waitForEvent('download');
  await button(page, 'Save checkpoint').click();
  const file = await (await downloading).path();
  await button(page, 'Reset').click();
  await page.getByLabel('by syllable (NFC)').check();
  await expect.poll(() => numberOf(page, 'Characters')).toBeLessThan(jamo);
  const choosing = page.waitForEvent('filechooser');
  await button(page, 'Load checkpoint…').click();
  await (await choosing).setFiles(file);
  await expect(status(page)).toHaveText(/^Checkpoint loaded, step \d+/);
  await expect(page.getByLabel('by jamo (NFD)')).toBeChecked();
  expect(await numberOf(page, 'Characters')).toBe(jamo);
});

test('takes a dropped file, in UTF-8 or EUC-KR, and refuses a binary one', async ({ page }) => {
  await openDemo(page);
  await page.getByRole('combobox', { name: 'Text to learn' }).selectOption('My own text');
  const choose = async (name: string, buffer: Buffer) => {
    const choosing = page.waitForEvent('filechooser');
    await button(page, 'Choose a file…').click();
    await (await choosing).setFiles({ name, mimeType: 'text/plain', buffer });
  };
  await choose('utf8.txt', Buffer.from('가나다라마바사'));
  await expect(page.getByText('utf8.txt: 7 characters.')).toBeVisible();
  await expect(figure(page, 'Different characters, V')).toHaveText('7');
  await choose('euckr.txt', Buffer.from([0xb0, 0xa1, 0xb3, 0xaa])); // 가나
  await expect(page.getByLabel('Paste text, or drop a .txt file here')).toHaveValue('가나');
  await choose('picture.txt', Buffer.from([0x89, 0x50, 0x00, 0x01]));
  await expect(page.getByRole('alert').filter({ hasText: 'picture.txt is not a text file' })).toBeVisible();
});

test('a text shorter than one window is refused beside the text, and a longer one trains', async ({ page }) => {
  await openDemo(page);
  await chooseTiny(page);
  await chooseOwnText(page, 'Call me Ishmael.');
  await expect(figure(page, 'Characters')).toHaveText('16');
  await button(page, 'Train').click();
  const alert = page.getByRole('alert').filter({ hasText: /16 characters.*129/s }); // 8 · 16 + 1
  await expect(alert).toBeVisible();
  await expect(status(page)).toHaveText('Ready. Press Train.');

  await page.getByLabel('Paste text, or drop a .txt file here').fill('Call me Ishmael. '.repeat(40));
  await expect(alert).toBeHidden();
  await expect(figure(page, 'Characters')).toHaveText('680');
  await button(page, 'Train').click();
  await expect(status(page)).toHaveText('Training.', { timeout: 30_000 });
});

test('an empty text leaves nothing to train', async ({ page }) => {
  await openDemo(page);
  await page.getByRole('combobox', { name: 'Text to learn' }).selectOption('My own text');
  await expect(status(page)).toHaveText('Paste or drop some text first.');
  await expect(button(page, 'Train')).toBeDisabled();
});

test('a setting out of range is named beside its control', async ({ page }) => {
  await openDemo(page);
  await chooseTiny(page);
  const hidden = page.getByLabel('Hidden size, H');
  await hidden.fill('0');
  await button(page, 'Train').click();
  await expect(page.getByRole('alert').filter({ hasText: 'Hidden size, H: 0 was given; a whole number from 1 to' })).toBeVisible();
  await expect(hidden).toBeFocused();
  await expect(hidden).toHaveAttribute('aria-invalid', 'true');
});

test('a hidden size over the limits of the GPU is refused beside the model', async ({ page }) => {
  await openDemo(page);
  await chooseTiny(page);
  await page.getByLabel('Hidden size, H').fill('65536');
  await button(page, 'Train').click();
  await expect(page.locator('details', { hasText: 'Hidden size, H' }).getByRole('alert')).toContainText(/hidden size/i);
  await expect(status(page)).toHaveText('Ready. Press Train.');
  await expect(page.getByLabel('Hidden size, H')).toBeEnabled();
});

test('without WebGPU the page says what it is and which browsers have it', async ({ page }) => {
  await page.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'gpu');
  });
  await page.goto(`${serverUrl()}/demo/`);
  await expect(page.getByRole('heading', { name: 'This browser does not offer WebGPU' })).toBeVisible();
  await expect(page.getByRole('table', { name: 'Browsers that have it' })).toContainText('Firefox 141');
  await expect(page.getByText('--enable-unsafe-webgpu')).toBeVisible();
  await expect(page.getByRole('link', { name: 'webgpureport.org' })).toHaveAttribute('href', 'https://webgpureport.org/');
  await expect(page.getByRole('button', { name: 'Train' })).toBeHidden();
  await button(page, '한국어').click();
  await expect(page.getByRole('heading', { name: '이 브라우저에는 WebGPU가 없습니다' })).toBeVisible();
});
