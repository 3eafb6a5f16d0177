// The page of one contender in a browser: the engine, or any of the peers.

import { serve } from './page.ts';

serve({
  'tfjs ops': () => import('./peers/tfjs_ops.ts'),
  'tfjs layers': () => import('./peers/tfjs_layers.ts'),
  jax: () => import('./peers/jax.ts'),
  ort: () => import('./peers/onnxruntime.ts'),
});
