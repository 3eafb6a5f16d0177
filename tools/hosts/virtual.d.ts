/** The page module of a program that `bundlePage` writes. */
declare module 'virtual:page-module';
