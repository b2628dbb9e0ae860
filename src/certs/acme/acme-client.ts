/**
 * acme-client, loaded when it is first called. That keeps the process busy for some tenths of a second: issuers do so
 * when they are made, before there are visitors.
 */
export const acmeClient = () => import('acme-client')
