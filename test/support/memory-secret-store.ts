/** The SecretStore in memory, for tests that move the clock. It keeps the contract in `test/contracts/secret-store-contract.ts`. */

import type { OwnedSecret, SealedSecret, SecretInfo, SecretStore } from "../../src/flow/ports/secrets.ts";

export class MemorySecretStore implements SecretStore {
  /** Every version that is kept, by organization, name and version. */
  rows: OwnedSecret[] = [];
  /** Behind the last one that `nextUnderKeys` gave; null where it begins anew. */
  #brokeOffAt: OwnedSecret | null = null;

  async put(orgId: string, secret: SealedSecret): Promise<boolean> {
    const versions = this.#versions(orgId, [secret.name]);
    if (versions.some(({ version }) => version === secret.version)) return false;
    for (const before of versions)
      if (before.retiredAt === null && before.version < secret.version) before.retiredAt = secret.setAt;
    this.rows = [...this.rows, { orgId, secret: { ...secret } }].sort(inOrder);
    return true;
  }

  async list(orgId: string): Promise<SecretInfo[]> {
    return this.rows
      .filter((row) => row.orgId === orgId && row.secret.retiredAt === null)
      .map(({ secret: { name, version, redacted, createdAt, setAt } }) => ({
        name,
        version,
        redacted,
        createdAt,
        setAt,
      }));
  }

  async latest(orgId: string, name: string): Promise<SealedSecret | null> {
    const last = this.#versions(orgId, [name]).at(-1);
    return last ? { ...last } : null;
  }

  async sizes(orgId: string, names: string[]) {
    return this.#versions(orgId, names)
      .filter(({ retiredAt }) => retiredAt === null)
      .map(({ name, size }) => ({ name, size }));
  }

  async inForce(orgId: string, names: string[], from: number, to: number): Promise<SealedSecret[]> {
    return this.#versions(orgId, names)
      .filter(({ retiredAt, setAt }) => retiredAt === null || (retiredAt > from && setAt <= to))
      .map((secret) => ({ ...secret }));
  }

  async retire(orgId: string, name: string, at: number): Promise<boolean> {
    const inForce = this.#versions(orgId, [name]).filter(({ retiredAt }) => retiredAt === null);
    for (const secret of inForce) secret.retiredAt = at;
    return inForce.length > 0;
  }

  async forgetRetired(before: number): Promise<void> {
    this.rows = this.rows.filter(({ secret }) => secret.retiredAt === null || secret.retiredAt >= before);
  }

  async nextUnderKeys(keyIds: string[], limit: number): Promise<OwnedSecret[]> {
    const after = this.#brokeOffAt;
    const found = this.rows
      .filter((row) => keyIds.includes(row.secret.keyId) && (after === null || inOrder(row, after) > 0))
      .slice(0, limit);
    this.#brokeOffAt = found.length < limit ? null : (found.at(-1) ?? null);
    return found.map(({ orgId, secret }) => ({ orgId, secret: { ...secret } }));
  }

  async reseal(orgId: string, before: SealedSecret, after: SealedSecret): Promise<void> {
    const row = this.#versions(orgId, [before.name]).find(
      ({ version, keyId }) => version === before.version && keyId === before.keyId,
    );
    if (row) Object.assign(row, { keyId: after.keyId, iv: after.iv, ciphertext: after.ciphertext });
  }

  #versions(orgId: string, names: string[]): SealedSecret[] {
    return this.rows
      .filter((row) => row.orgId === orgId && names.includes(row.secret.name))
      .map(({ secret }) => secret);
  }
}

function inOrder(a: OwnedSecret, b: OwnedSecret): number {
  const before = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
  return (
    before(a.orgId, b.orgId) || before(a.secret.name, b.secret.name) || a.secret.version - b.secret.version
  );
}
