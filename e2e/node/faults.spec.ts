// Errors of the GPU, reported in whatever order the browser chooses: everyone who waits for something that is spoiled is told.
import { expect, test } from 'playwright/test';
import { Faults, Work } from '../../src/gpu/faults.ts';

const error = new Error('refused');

/** Adds a piece of work; gives the function by which its report comes. */
function add(faults: Faults, { reads = [], writes = [] }: { reads?: object[]; writes?: object[] }): (report: Error | null) => void {
  const work = new Work();
  let report!: (report: Error | null) => void;
  work.reports.add(new Promise((resolve) => (report = resolve)));
  for (const read of reads) work.reads.add(read);
  for (const written of writes) work.writes.add(written);
  faults.add(work);
  return report;
}

const said = (waiting: Promise<void>): Promise<string> => waiting.then(() => 'nothing', ({ message }: Error) => message);

/** A refused command, and two reads of what it should have written, begun before anything is reported; then what is reported first. */
async function twoReads(later: 'the copy of the second' | 'nothing'): Promise<string[]> {
  const faults = new Faults();
  const [array, one, two] = [{}, {}, {}];
  const command = add(faults, { writes: [array] });
  const copies = [add(faults, { reads: [array], writes: [one] }), add(faults, { reads: [array], writes: [two] })] as const;
  const [begunOne, begunTwo] = [faults.begin(), faults.begin()];
  command(error);
  copies[0](null);
  if (later === 'nothing') copies[1](null);
  const first = await said(faults.tell([one], begunOne));
  copies[1](null);
  await new Promise((resolve) => setTimeout(resolve)); // all is settled, and the first was told
  return [first, await said(faults.tell([two], begunTwo)), await said(faults.tell([two], faults.begin())), await said(faults.check())];
}

for (const later of ['the copy of the second', 'nothing'] as const) {
  test(`two reads that are begun before either is told are both told, where ${later} is reported after that`, async () => {
    expect(await twoReads(later)).toEqual(['refused', 'refused', 'nothing', 'nothing']);
  });
}
