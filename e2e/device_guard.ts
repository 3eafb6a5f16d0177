// Every device that is opened lives inside error scopes and is listened to, so what goes wrong on the GPU fails the test that
// did it, and a device that a test leaves open is destroyed.

export interface DeviceGuard {
  /** Forgets the devices of the call before. */
  begin(): void;
  /** Closes the scopes, destroys what is open, and gives every message. */
  end(): Promise<string[]>;
}

let installed: DeviceGuard | null = null;

/** Stand between the page and `GPUAdapter.requestDevice`; the first call does it, later ones give the same guard. */
export function installDeviceGuard(): DeviceGuard {
  installed ??= typeof GPUAdapter === 'undefined' ? { begin: () => {}, end: async () => [] } : install();
  return installed;
}

function install(): DeviceGuard {
  const filters: readonly GPUErrorFilter[] = ['internal', 'out-of-memory', 'validation'];
  let open = new Set<GPUDevice>();
  let messages: string[] = [];
  let scopes: Promise<void>[] = [];

  const requestDevice = GPUAdapter.prototype.requestDevice;
  const destroy = GPUDevice.prototype.destroy;

  const close = (device: GPUDevice): void => {
    if (!open.delete(device)) return;
    for (const filter of filters.toReversed()) {
      scopes.push(device.popErrorScope().then(
        (error) => {
          if (error) messages.push(`${error.constructor.name}: ${error.message}`);
        },
        (reason: unknown) => {
          messages.push(`The ${filter} scope of the test is gone; a popErrorScope has no push of its own (${String(reason)}).`);
        },
      ));
    }
  };

  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, ...args) {
    const device = await requestDevice.apply(this, args);
    const reported = messages; // a late event belongs to the call that opened the device
    open.add(device);
    for (const filter of filters) device.pushErrorScope(filter);
    device.addEventListener('uncapturederror', ({ error }) => reported.push(`Uncaptured ${error.constructor.name}: ${error.message}`));
    void device.lost.then(({ reason, message }) => {
      if (open.delete(device)) reported.push(`The device was lost (${reason}): ${message}`);
    });
    return device;
  };
  GPUDevice.prototype.destroy = function (this: GPUDevice) {
    close(this);
    return destroy.call(this);
  };

  return {
    begin() {
      open = new Set();
      messages = [];
      scopes = [];
    },
    async end() {
      const devices = [...open];
      await Promise.all(devices.map((device) => device.queue.onSubmittedWorkDone().catch(() => {})));
      devices.forEach(close);
      await Promise.all(scopes);
      for (const device of devices) destroy.call(device);
      return messages;
    },
  };
}
