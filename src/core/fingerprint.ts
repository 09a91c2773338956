/**
 * 128 bits that look like chance and are the text's alone, as 32 hexadecimal digits (cyrb128 by bryc, in the public domain). For telling
 * whether something has changed; it keeps nobody out who looks for two texts of one print.
 */
export function fingerprint(text: string): string {
  let [a, b, c, d] = [1_779_033_703, 3_144_134_277, 1_013_904_242, 2_773_480_762];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ unit, FACTORS[0]);
    b = c ^ Math.imul(b ^ unit, FACTORS[1]);
    c = d ^ Math.imul(c ^ unit, FACTORS[2]);
    d = a ^ Math.imul(d ^ unit, FACTORS[3]);
  }
  a = Math.imul(c ^ (a >>> 18), FACTORS[0]);
  b = Math.imul(d ^ (b >>> 22), FACTORS[1]);
  c = Math.imul(a ^ (c >>> 17), FACTORS[2]);
  d = Math.imul(b ^ (d >>> 19), FACTORS[3]);
  return [a ^ b ^ c ^ d, b ^ a, c ^ a, d ^ a].map(hex).join("");
}

const FACTORS = [597_399_067, 2_869_860_233, 951_274_213, 2_716_044_179] as const;

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, "0");
}
