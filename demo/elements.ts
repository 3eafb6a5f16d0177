// Elements of the page by their ids.

export const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** A button that opens a file input, so that the control looks and reads like the others. */
export function fileButton(button: HTMLElement, input: HTMLElement, take: (file: File) => Promise<void>): void {
  const field = input as HTMLInputElement;
  button.addEventListener('click', () => field.click());
  field.addEventListener('change', () => {
    const file = field.files?.[0];
    field.value = '';
    if (file) void take(file);
  });
}
