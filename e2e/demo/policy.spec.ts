// The built page under a strict Content-Security-Policy, in a folder of its server: it trains, and nothing that it does is refused.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { expect, test } from '../harness.ts';
import { button, chooseTiny, FIRST_STEP_MS, waitForStep } from './controls.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "worker-src 'self'", "connect-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'",
  "require-trusted-types-for 'script'", 'trusted-types unfold',
].join('; ');
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.map': 'application/json', '.svg': 'image/svg+xml' };

test.use({ locale: 'en-US' });

test('the built page trains from a sub-path under a strict policy with Trusted Types', async ({ page }) => {
  test.slow();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'unfold-demo-'));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = path.join(folder, pathname.replace(/^\/some\/path\//, '').replace(/^$/, 'index.html'));
    try {
      if (!pathname.startsWith('/some/path/') || !file.startsWith(folder)) throw new Error('elsewhere');
      const body = readFileSync(file);
      response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  try {
    await build({ configFile: path.join(ROOT, 'vite.config.ts'), logLevel: 'error', build: { outDir: folder } });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const refused: string[] = [];
    const elsewhere: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') refused.push(message.text());
    });
    page.on('pageerror', (error) => refused.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) elsewhere.push(request.url());
    });
    await page.goto(`${origin}/some/path/`);
    await expect(button(page, 'Train')).toBeEnabled({ timeout: FIRST_STEP_MS });
    await chooseTiny(page);
    await button(page, 'Train').click();
    await waitForStep(page, 3);
    expect(refused).toEqual([]);
    expect(elsewhere).toEqual([]);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
