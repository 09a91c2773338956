const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether a text is base64, with or without its padding. */
export function isBase64(text: string): boolean {
  return BASE64.test(text) && text.length % 4 !== 1;
}
