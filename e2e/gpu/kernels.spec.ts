// The kernels around the recurrence against float64: embedding, loss, norm.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./kernels.page.ts')>('/e2e/gpu/kernels.page.ts');

for (const layout of ['rows', 'columns'] as const) {
  test(`rows by token and their gradient, table stored by ${layout}`, async ({ inPage }) => {
    for (const [vocabulary, columns, count] of [[1, 1, 1], [5, 7, 3], [11, 33, 130], [96, 64, 500]] as const) {
      const errors = await inPage(page, 'embedding', { vocabulary, columns, count, layout });
      expect.soft(errors.rows, `rows, V=${vocabulary} C=${columns} of ${count}`).toBeLessThan(1e-6);
      expect.soft(errors.gradient, `gradient, V=${vocabulary} C=${columns} of ${count}`).toBeLessThan(1e-6);
    }
  });
}

test('softmax cross-entropy: the loss of every step, their mean, and the gradient', async ({ inPage }) => {
  for (const [steps, batch, vocabulary] of [[1, 1, 2], [5, 3, 7], [17, 9, 130]] as const) {
    for (const scale of [1, 60]) {
      for (const ignore of [false, true]) {
        if (ignore && steps === 1) continue;
        const e = await inPage(page, 'crossEntropy', { steps, batch, vocabulary, scale, ignore });
        const what = `T=${steps} N=${batch} V=${vocabulary}, logits in ±${scale}${ignore ? ', a third ignored' : ''}`;
        expect.soft(e.loss, `total, ${what}`).toBeLessThan(2e-6);
        expect.soft(e.steps, `steps, ${what}`).toBeLessThan(2e-6);
        expect.soft(e.gradient, `gradient, ${what}`).toBeLessThan(5e-6);
        expect.soft(e.counted, `targets counted, ${what}`).toBe(ignore ? steps * batch - Math.ceil((steps * batch) / 3) : steps * batch);
      }
    }
  }
});

test('the global norm, over fewer and more elements than partial sums', async ({ inPage }) => {
  for (const count of [1, 63, 1025, 100_003]) {
    expect.soft(await inPage(page, 'norm', { count }), `norm of ${count} elements`).toBeLessThan(1e-6);
  }
});
