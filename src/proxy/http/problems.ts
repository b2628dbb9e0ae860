import type { Code } from '../../core/error-codes.js'

/** Why a request is answered by us and not by the upstream. Nothing in it is from inside: any visitor may read it. */
export interface Problem {
  readonly status: number
  /** Stands in docs/errors.md; of the log lines of server and agent too. */
  readonly code: string
  /** A few words. */
  readonly title: string
  /** What happened, a sentence. */
  readonly detail: string
  /** What the visitor, or whose tunnel it is, can do. */
  readonly advice: string
  readonly requestId: string
}

type Facts = Omit<Problem, 'code' | 'requestId'>

const facts = (code: Code, status: number, title: string, detail: string, advice: string): readonly [Code, Facts] => [
  code,
  { status, title, detail, advice },
]

const LATER = 'Try again in a moment.'
const OWNER = 'If this is your tunnel:'

const AGENT_OFFLINE = facts(
  'UR_AGENT_OFFLINE',
  503,
  'The agent is offline',
  'The tunnel is known here, but no agent is connected that could forward the request.',
  `${LATER} ${OWNER} start the agent again.`,
)

/** All that a visitor can be told, by code. */
export const PROBLEMS: ReadonlyMap<string, Facts> = new Map([
  // where to
  facts(
    'UR_HTTP_NO_TUNNEL',
    404,
    'No such tunnel',
    'No tunnel has this host name and path.',
    `Check the address. ${OWNER} the agent shows its public address when it starts.`,
  ),
  facts(
    'UR_HTTP_MISDIRECTED',
    421,
    'Misdirected request',
    'The request is for a host that does not belong to the connection that it came over.',
    'Open a new connection to the host. Browsers do so by themselves.',
  ),
  facts(
    'UR_HTTP_LOOP',
    508,
    'Loop detected',
    'The request passed here again and again: the upstream forwards it back to the tunnel.',
    `${OWNER} let the upstream answer by itself instead of forwarding to the public address.`,
  ),

  // the agent
  AGENT_OFFLINE,
  facts(
    'UR_NO_SUCH_TUNNEL',
    503,
    'The tunnel has just closed',
    'The agent does not have the tunnel any more.',
    `${LATER} ${OWNER} start it again.`,
  ),
  facts(
    'UR_AGENT_AWAY',
    503,
    'The agent is reconnecting',
    'The agent has lost its connection, and the request could not wait until it is back.',
    `${LATER} ${OWNER} --hold says how long requests may wait.`,
  ),
  facts(
    'UR_HOLD_TIMEOUT',
    503,
    'The agent did not come back in time',
    'The request waited for the agent or its upstream for as long as it may.',
    `${LATER} ${OWNER} --hold says how long requests may wait.`,
  ),
  facts(
    'UR_HELD_LIMIT',
    503,
    'Too many requests are waiting',
    'Agents are away, and as many requests wait for them as may.',
    LATER,
  ),
  facts(
    'UR_AGENT_DRAINING',
    503,
    'The agent is stopping',
    'The agent is about to stop and takes no new requests.',
    `${LATER} ${OWNER} start the agent again.`,
  ),
  facts(
    'UR_AGENT_OVERLOADED',
    503,
    'The agent is overloaded',
    'The agent has as many requests open as it may.',
    `${LATER} ${OWNER} run a second agent.`,
  ),
  facts(
    'UR_WIRE_STREAM_LIMIT',
    503,
    'Too many open requests',
    'The tunnel has as many requests open as it may.',
    LATER,
  ),
  facts(
    'UR_STREAM_UNANSWERED',
    504,
    'The agent did not answer',
    'The agent is connected but did not say in time whether it reached the upstream.',
    `${LATER} ${OWNER} look into the log of the agent.`,
  ),
  facts(
    'UR_AGENT_GONE',
    502,
    'The agent was lost on the way',
    'The connection to the agent ended before the answer was complete. Whether the request was carried out is unknown.',
    `Try again if repeating the request does no harm. ${OWNER} look into the log of the agent.`,
  ),

  // the upstream
  facts(
    'UR_UPSTREAM_REFUSED',
    502,
    'The upstream refused the connection',
    'The agent is connected, but the service behind it does not accept connections.',
    `${LATER} ${OWNER} start the local service, or correct the upstream of the tunnel.`,
  ),
  facts(
    'UR_UPSTREAM_UNREACHABLE',
    502,
    'The upstream cannot be reached',
    'The agent is connected, but finds no way to the service behind it.',
    `${LATER} ${OWNER} check the upstream of the tunnel and the network of the agent.`,
  ),
  facts(
    'UR_UPSTREAM_NOT_FOUND',
    502,
    'The upstream was not found',
    'The agent is connected, but the name of the service behind it is not known.',
    `${OWNER} correct the upstream of the tunnel.`,
  ),
  facts(
    'UR_UPSTREAM_TLS',
    502,
    'The upstream cannot be trusted',
    'The agent reached the service behind it, but the TLS handshake failed.',
    `${OWNER} give the authority of the upstream with --upstream-ca, or correct its name.`,
  ),
  facts(
    'UR_UPSTREAM_RESET',
    502,
    'The upstream hung up',
    'The service behind the agent closed the connection before its answer was complete.',
    `Try again if repeating the request does no harm. ${OWNER} look into the log of the local service.`,
  ),
  facts(
    'UR_UPSTREAM_INVALID',
    502,
    'The upstream does not speak HTTP',
    'What the service behind the agent answered is not valid HTTP.',
    `${OWNER} check that the upstream is an HTTP service, and whether it wants https:// or HTTP/2.`,
  ),
  facts(
    'UR_UPSTREAM_TIMED_OUT',
    504,
    'The upstream timed out',
    'The service behind the agent did not accept a connection in time.',
    `${LATER} ${OWNER} check that the upstream is reachable from the agent and not overloaded.`,
  ),
  facts(
    'UR_UPSTREAM_SILENT',
    504,
    'The upstream did not answer in time',
    'The service behind the agent took the request but did not answer in time.',
    `${LATER} ${OWNER} look into the log of the local service.`,
  ),
  facts(
    'UR_UPSTREAM_NO_UPGRADE',
    501,
    'The upstream cannot switch protocols',
    'The service behind the agent does not take the protocol that was asked for.',
    `${OWNER} use another --upstream-protocol.`,
  ),

  // the request itself
  facts(
    'UR_HTTP_MALFORMED',
    400,
    'Bad request',
    'The request is malformed, or can be read in two ways.',
    'Correct the client.',
  ),
  facts(
    'UR_HTTP_HEADER_TOO_LONG',
    431,
    'The header section is too long',
    'The fields of the request are longer than this server takes.',
    'Send less, such as fewer cookies.',
  ),
  facts(
    'UR_HTTP_METHOD',
    405,
    'Method not allowed',
    'The request cannot be served with this method.',
    'Use another: a WebSocket begins with GET.',
  ),
  facts(
    'UR_HTTP_SLOW_VISITOR',
    408,
    'The request timed out',
    'Nothing more of the request came in time.',
    'Try again, perhaps over a better connection.',
  ),

  // the rules of the tunnel
  facts(
    'UR_VISITOR_LOGIN',
    401,
    'Log in',
    'This tunnel asks for a user name and a password.',
    'Give those that you were told by whose tunnel it is.',
  ),
  facts(
    'UR_VISITOR_LOGIN_RATE',
    429,
    'Too many failed logins',
    'Too many wrong passwords came from your address.',
    'Wait for a minute, then try with the right password.',
  ),
  facts(
    'UR_VISITOR_LOGIN_BUSY',
    503,
    'Too many logins at once',
    'Passwords are being checked, and more cannot wait.',
    LATER,
  ),
  facts(
    'UR_VISITOR_ADDRESS',
    403,
    'Not from this address',
    'This tunnel does not let your address in.',
    `Ask whose tunnel it is. ${OWNER} correct --cidr-allow or --cidr-deny.`,
  ),
  facts(
    'UR_VISITOR_CERT_MISSING',
    403,
    'Show a certificate',
    'This tunnel lets in only those who show a certificate of theirs (mutual TLS), and none was sent.',
    'Let your program send the certificate that you were given, such as with curl --cert; in a browser, import it.',
  ),
  facts(
    'UR_VISITOR_CERT_UNTRUSTED',
    403,
    'The certificate is not accepted here',
    'No authority that this tunnel trusts vouches for the certificate that was sent.',
    `Send the right one, with its intermediates. ${OWNER} --mutual-tls-ca names the authorities.`,
  ),
  facts(
    'UR_VISITOR_CERT_EXPIRED',
    403,
    'The certificate has expired',
    'The certificate that was sent has expired, or is not valid yet.',
    'Get a new one from whose tunnel it is; check your clock.',
  ),
  facts(
    'UR_VISITOR_CERT_PURPOSE',
    403,
    'The certificate is not for clients',
    'The certificate that was sent may not be used by clients of TLS.',
    'Send another. It needs clientAuth in its extended key usage, where it has one.',
  ),
  facts(
    'UR_VISITOR_CERT_AGAIN',
    421,
    'A new connection is needed',
    'The certificates that this tunnel asks for have changed since the connection was made.',
    'Open a new connection. Browsers do so by themselves.',
  ),
  facts(
    'UR_BODY_TOO_LARGE',
    413,
    'The body is too large',
    'The body of the request is larger than this tunnel takes.',
    `Send less. ${OWNER} --max-body says how much it takes.`,
  ),
  facts(
    'UR_VISITOR_RATE',
    429,
    'Too many requests',
    'More requests come from you than this tunnel takes.',
    'Send fewer.',
  ),
  facts('UR_TUNNEL_RATE', 429, 'Too many requests', 'More requests come to this tunnel than it takes.', LATER),
  facts(
    'UR_QUOTA_REQUESTS',
    429,
    'Too many requests to this agent',
    'More requests come to the tunnels of this agent than it may have.',
    `${LATER} ${OWNER} the operator of the server can allow more.`,
  ),
  facts(
    'UR_QUOTA_STREAMS',
    429,
    'Too many requests at once',
    'The tunnels of this agent have as many open requests as they may.',
    `${LATER} ${OWNER} the operator of the server can allow more.`,
  ),
  facts(
    'UR_QUOTA_BYTES',
    429,
    'The quota of today is used up',
    'The tunnels of this agent have moved as many bytes today as they may.',
    `Try again tomorrow (UTC). ${OWNER} the operator of the server can allow more.`,
  ),
  facts('UR_MEMORY_LIMIT', 503, 'The server is full', 'The server has as much in its memory as it may.', LATER),
  facts(
    'UR_CIRCUIT_OPEN',
    503,
    'The upstream is given a rest',
    'Too many of the last requests failed, so the service behind the agent gets none for a while.',
    `${LATER} ${OWNER} look into the log of the local service.`,
  ),
  facts(
    'UR_WEBHOOK_SIGNATURE',
    403,
    'The signature is not right',
    'This tunnel takes webhooks that are signed, and this one is not, or not with the right secret.',
    `${OWNER} compare --verify-webhook and its secret with what the sender has.`,
  ),
  facts(
    'UR_WEBHOOK_EXPIRED',
    403,
    'The signature is too old',
    'The webhook was signed too long ago, or by a clock that is wrong.',
    `Let the sender send it again. ${OWNER} check the clocks of sender and server.`,
  ),
  facts(
    'UR_WEBHOOK_REPLAYED',
    403,
    'This webhook came before',
    'The very same signed request was delivered a moment ago.',
    'Let the sender sign it again.',
  ),
  facts(
    'UR_WEBHOOK_BUSY',
    503,
    'Too many webhooks at once',
    'Webhooks wait to be verified, and more cannot wait.',
    LATER,
  ),

  // ourselves
  facts(
    'UR_INTERNAL',
    500,
    'Something failed here',
    'The server failed at this request, by a defect of its own.',
    `${LATER} ${OWNER} the log of the server says more.`,
  ),
])

/** What a visitor is told when a request fails with `code`. Any other failure looks as if the agent were offline. */
export function problemOf(code: Code, requestId: string): Problem {
  return { ...(PROBLEMS.get(code) ?? AGENT_OFFLINE[1]), code, requestId }
}
