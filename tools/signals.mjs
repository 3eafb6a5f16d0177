// @ts-check
// Ctrl-C of a command that has something to put in order before it ends.

/** The first Ctrl-C or SIGTERM asks for an orderly end; the second ends at once. @param {(line: string) => void} say */
export function listenForSignals(say) {
  let handler = () => {};
  /** @type {(reason: Error) => void} */
  let reject = () => {};
  const reason = new Error('stopped by a signal');
  const signalled = new Promise((_, no) => (reject = no));
  signalled.catch(() => {});
  const state = {
    status: 0,
    reason,
    /** @param {() => void} run at the first signal, or now where it came already */
    onSignal(run) {
      handler = run;
      if (state.status !== 0) run();
    },
    /** The promise, or the rejection `reason` at the first signal. @template T @param {Promise<T>} promise @returns {Promise<T>} */
    whichever: (promise) => /** @type {Promise<any>} */ (Promise.race([promise, signalled])),
  };
  for (const [signal, status] of /** @type {const} */ ([['SIGINT', 130], ['SIGTERM', 143]])) {
    process.on(signal, () => {
      if (state.status !== 0) process.exit(status);
      state.status = status;
      say('stopping; once more stops at once');
      reject(reason);
      handler();
    });
  }
  return state;
}
