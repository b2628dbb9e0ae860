/** DNS said nothing that can be relied on: it may be otherwise the next time. */
export class DnsFailure extends Error {}

/** This machine has no way to a server, such as one with an IPv6 address where there is no IPv6. */
export class DnsUnreachable extends DnsFailure {}
