// @ts-check
/** How a line of stdout begins that is an answer of page_process.ts: Dawn and drivers write there too. */
export const ANSWER = 'unfold answer: ';
