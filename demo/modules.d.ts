// Modules that Vite makes: types for what is no TypeScript file.
declare module '*.css';

declare module 'virtual:moby-dick' {
  const text: string;
  export default text;
}
