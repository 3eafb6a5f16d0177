// What `dataPlugin` of sources.mjs gives to pages.
declare module 'virtual:first-names' {
  const lists: import('./names.ts').NameLists;
  export default lists;
}

declare module 'virtual:pronunciations' {
  const text: string;
  export default text;
}

declare module 'virtual:seattle-weather' {
  const csv: string;
  export default csv;
}
