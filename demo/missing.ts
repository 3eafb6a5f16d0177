// The page where there is no WebGPU: what it is, which browsers have it, and how to look further.
import { fillPage, show } from './language.ts';
import type { TextKey } from './texts/en.ts';

const BROWSERS: readonly (readonly [system: TextKey, version: TextKey])[] = [
  ['missingDesktop', 'missingDesktopVersion'],
  ['missingApple', 'missingAppleVersion'],
  ['missingFirefox', 'missingFirefoxVersion'],
  ['missingAndroid', 'missingAndroidVersion'],
  ['missingLinux', 'missingLinuxVersion'],
];
const LINUX_COMMAND = 'google-chrome --enable-unsafe-webgpu --ozone-platform=x11 --use-angle=vulkan --enable-features=Vulkan,VulkanFromANGLE';
const REPORT = 'https://webgpureport.org/';
const STATUS = 'https://github.com/gpuweb/gpuweb/wiki/Implementation-Status';

/** Fill `main`. `reason` is the browser's own message where it has WebGPU and gives no adapter. */
export function showMissing(main: HTMLElement, reason: string | null): void {
  main.className = 'missing';
  const table = document.createElement('table');
  const caption = table.createCaption();
  show(caption, 'missingBrowsers');
  const head = table.createTHead().insertRow();
  for (const key of ['missingSystem', 'missingVersion'] as const) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    show(cell, key);
    head.append(cell);
  }
  const body = table.createTBody();
  for (const [system, version] of BROWSERS) {
    const row = body.insertRow();
    show(row.insertCell(), system);
    show(row.insertCell(), version);
  }
  const command = document.createElement('pre');
  const code = document.createElement('code');
  code.textContent = LINUX_COMMAND;
  command.tabIndex = 0; // it scrolls sideways
  command.append(code);

  const parts: Node[] = [textElement('h2', reason ? 'missingHeadingNoAdapter' : 'missingHeading'), textElement('p', 'missingText')];
  if (!isSecureContext) parts.push(textElement('p', 'missingInsecure'));
  if (reason) {
    const told = textElement('p', 'missingNoAdapter');
    show(told, 'missingNoAdapter', { message: reason });
    parts.push(told);
  }
  parts.push(table, textElement('p', 'missingFlag'), command, linkLine('missingReport', REPORT), linkLine('missingStatus', STATUS));
  main.replaceChildren(...parts);
  main.hidden = false;
  fillPage();
}

function textElement(tag: 'h2' | 'p', key: TextKey): HTMLElement {
  const element = document.createElement(tag);
  show(element, key);
  return element;
}

function linkLine(key: TextKey, address: string): HTMLElement {
  const line = document.createElement('p');
  const text = document.createElement('span');
  show(text, key);
  const link = document.createElement('a');
  link.href = address;
  link.textContent = address.replace(/^https:\/\/|\/$/g, '');
  line.append(text, ' ', link);
  return line;
}
