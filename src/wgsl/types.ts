// What the build knows of a shader, as data. The Vite plugin turns `x.wgsl` into a module whose default export is a
// `Shader`; `x.d.wgsl.ts` beside it names its entries, bindings, parameters and tile constants as literal types.

/** How an entry point uses one of its buffers. */
export type BindingKind = 'uniform' | 'storage' | 'read-only-storage';

export interface Binding {
  readonly name: string;
  readonly binding: number;
  readonly kind: BindingKind;
}

export type ScalarType = 'u32' | 'i32' | 'f32';

/** One scalar of the `params` uniform, at its byte offset. */
export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly type: ScalarType;
}

/** One entry point: only the bindings that it reaches, so a layout made of them is exact. */
export interface Entry<B extends string = string, P extends string = string> {
  readonly name: string;
  readonly workgroupSize: readonly [number, number, number];
  /** Storage buffers only; the uniform is `params`. */
  readonly bindings: readonly (Binding & { readonly name: B })[];
  /** The entry's one uniform struct (`var<uniform> params: …`), or null. `bytes` is its size in WGSL's layout. */
  readonly params: { readonly binding: number; readonly bytes: number; readonly fields: readonly (Field & { readonly name: P })[] } | null;
}

/** One entry's names, as the generated declaration states them. */
export interface EntryNames {
  readonly bindings: string;
  readonly params: string;
}

/** One compile unit: a `.wgsl` file with its imports expanded; `#unroll` blocks are still in it. */
export interface Shader<E extends Record<string, EntryNames> = Record<string, EntryNames>, C extends string = string> {
  /** The file's stem: `lstm`, `matmul`. */
  readonly name: string;
  /** Text after `#import`; `#unroll` is expanded when the tile constants are known (src/shader_text/unroll.ts). */
  readonly code: string;
  /** Module constants `const NAME = 8u;` in capitals that a schedule may replace, with their default. */
  readonly constants: { readonly [K in C]: number };
  readonly entries: { readonly [K in keyof E]: Entry<E[K]['bindings'], E[K]['params']> };
}
