/** Base64 (RFC 4648 §4) of bytes. */

export const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encodeBase64(bytes: ArrayLike<number>): string {
  let encoded = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b, c] = [bytes[i], bytes[i + 1], bytes[i + 2]];
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    encoded += BASE64.charAt(group >> 18) + BASE64.charAt((group >> 12) & 63);
    encoded += b === undefined ? "=" : BASE64.charAt((group >> 6) & 63);
    encoded += c === undefined ? "=" : BASE64.charAt(group & 63);
  }
  return encoded;
}
