/** Names of headers that are, or may be, somebody's secret: what is kept of a delivery is shown to all who may look into its ledger. */
const SECRET =
  /auth|cookie|token|secret|signature|passw|hmac|jwt|assertion|session|credential|private|api-?key|access-?(key|code)|(functions|subscription|webhook)-key|^x-(key|pass|pin)$/i;

export function isSecretHeader(name: string): boolean {
  return SECRET.test(name);
}
