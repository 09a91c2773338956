/** Of the fields of a form those that say something. */
export function said<T extends object>(fields: T): { [Name in keyof T]?: NonNullable<T[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== "")) as {
    [Name in keyof T]?: NonNullable<T[Name]>;
  };
}
