/** A page of Firefox whose calls run exports of a module of its server. */
export interface FirefoxPage {
  readonly alive: boolean;
  call(name: string, argument: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface Firefox {
  /** `report` hears what the page says as console and page errors. */
  open(options: { url: string; module: string; report: (problem: string) => void }): Promise<FirefoxPage>;
  close(): Promise<void>;
}

export function openFirefox(): Promise<Firefox>;
