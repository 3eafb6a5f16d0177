// The worker that owns the device. A page that requires Trusted Types takes a script's address only from a policy; this is the only one.

import workerUrl from './worker.ts?worker&url';

interface Policy {
  createScriptURL(url: string): string;
}

/** Not in every browser. */
const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };
const policy: Policy = trustedTypes?.createPolicy('unfold', { createScriptURL: (url) => url }) ?? { createScriptURL: (url) => url };

export function openWorker(): Worker {
  return new Worker(policy.createScriptURL(workerUrl), { type: 'module', name: 'unfold' });
}
