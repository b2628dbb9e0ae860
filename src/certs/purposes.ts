/** What the private key of a certificate is encrypted for. */
export function keyPurpose(name: string): string {
  return `key of the certificate for ${name}`
}

/** What the private key of the authority for agents is encrypted for. */
export function authorityPurpose(name: string): string {
  return `key of the authority for ${name}`
}

/** What the private key of an account with an authority is encrypted for. */
export function accountPurpose(directory: string): string {
  return `key of the account at ${directory}`
}
