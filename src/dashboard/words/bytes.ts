/** A number of bytes as people read it: "812 bytes", "1.5 MB" (1 MB = 1024 × 1024, as the limits count). */
export function byteCount(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const units = ["KB", "MB", "GB", "TB"];
  let amount = bytes / 1024;
  let unit = 0;
  while (amount >= 1023.95 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${amount.toFixed(amount < 100 ? 1 : 0).replace(/\.0$/, "")} ${units[unit]}`;
}
