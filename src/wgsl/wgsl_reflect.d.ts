// The package's bare name throws in Node's ESM, and its types hang on the bare name only.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
