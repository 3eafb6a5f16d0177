// The module of one contender's process in Node: the engine alone, since the peers need a browser.

import { serve } from './page.ts';

serve({});
