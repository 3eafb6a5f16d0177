// What pages report of errors.

export interface Thrown {
  readonly name: string;
  readonly message: string;
}

/** Name and message of what `body` throws, at once or later; null where it throws nothing. */
export async function thrown(body: () => unknown): Promise<Thrown | null> {
  try {
    await body();
    return null;
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
}

/** The same as one text; 'no error' where it throws nothing. */
export async function said(body: () => unknown): Promise<string> {
  const error = await thrown(body);
  return error === null ? 'no error' : `${error.name}: ${error.message}`;
}
