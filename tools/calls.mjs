// @ts-check
// Calls of page modules: what they throw, and how long they may take.

/** An error thrown in the page, with its own name and message. */
export class PageError extends Error {
  /** @param {string} name @param {string} message */
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/**
 * @template T
 * @param {number} ms @param {Promise<T>} promise @param {string} what
 * @returns {Promise<T>}
 */
export async function within(ms, promise, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} seconds`)), ms);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}
