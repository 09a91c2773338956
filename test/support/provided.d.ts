/** What `globalSetup` hands to tests. */
declare module "vitest" {
  interface ProvidedContext {
    machinesUrl: string;
  }
}

export {};
