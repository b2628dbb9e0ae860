/** Where a name stands: some are those of secrets in one place and of something else in another. */
export type NamePlace = 'header' | 'query' | 'body'

const SECRETS = [
  // Forms ask for it twice.
  'passw(?:or)?ds?(?:_?\\d|_(?:confirm(?:ation)?|repeat|again|verify))?',
  'passphrase',
  '(?:^|_)pwd',
  '(?:^|_)pass\\d?',
  '(?:^|_)pw',
  'secrets?',
  'token',
  'api_?key',
  'access_?key(?:_?id)?',
  'secret_?key',
  'private_?key',
  'auth_?key',
  'signing_?key',
  'encryption_?key',
  'subscription_?key',
  'functions_?key',
  'authorization',
  '(?:^|_)credentials?',
  '(?:^|_)jwt',
  'sess(?:ion)?_?id',
  '(?:^|_)cv[vc]2?',
].join('|')

const NAMES: Readonly<Record<NamePlace, RegExp>> = {
  header: new RegExp(`(?:${SECRETS}|(?:^|_)cookie2?)$`),
  query: new RegExp(`(?:${SECRETS}|(?:^|_)sig|signature|(?:^|_)auth|(?:^|_)assertion)$`),
  body: new RegExp(`(?:${SECRETS})$`),
}
/** Where to go on in a list: nothing that opens a door. */
const NO_SECRETS = /(?:page|continuation|next|cursor|sync|after|before)_?token$/

/** Names are few, and looked up for every field. */
const MOST_KNOWN = 4_096
const known: Readonly<Record<NamePlace, Map<string, boolean>>> = {
  header: new Map(),
  query: new Map(),
  body: new Map(),
}

/** Whether what has this name is a secret: `X-Api-Key`, `accessToken`, `client_secret`. */
export function isSecretName(name: string, place: NamePlace): boolean {
  const cache = known[place]
  const before = cache.get(name)
  if (before !== undefined) return before
  const is = name.length <= 256 && looksSecret(name, place)
  if (cache.size >= MOST_KNOWN) cache.clear()
  if (name.length <= 64) cache.set(name, is)
  return is
}

function looksSecret(name: string, place: NamePlace): boolean {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[-.\s[\]]+/g, '_')
    .replace(/(?:_bin)?_*$/, '')
  return NAMES[place].test(plain) && !NO_SECRETS.test(plain)
}
