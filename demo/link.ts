// The page's way to its worker: one worker at a time, and another where it ended.
import { openWorker } from './open_worker.ts';
import type { Command, Event as WorkerEvent } from './protocol.ts';

export interface Link {
  readonly isOpen: boolean;
  /** Begin a worker and have it open the GPU. */
  start(): void;
  /** Commands to a worker that has ended are dropped. */
  send(command: Command): void;
  end(): void;
}

/** `failed` hears of an exception that the worker did not catch. */
export function createLink({ receive, failed }: { receive: (event: WorkerEvent) => void; failed: (message: string) => void }): Link {
  let worker: Worker | null = null;
  return {
    get isOpen() {
      return worker !== null;
    },
    start() {
      const own = openWorker();
      worker = own;
      own.addEventListener('message', ({ data }: MessageEvent<WorkerEvent>) => {
        if (worker === own) receive(data); // an ended worker's last messages may still arrive
      });
      own.addEventListener('error', (event) => {
        if (worker === own) failed(event.message || '–');
      });
      own.postMessage({ type: 'open' } satisfies Command);
    },
    send(command) {
      worker?.postMessage(command);
    },
    end() {
      worker?.terminate();
      worker = null;
    },
  };
}
