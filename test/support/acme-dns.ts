import http from 'node:http'
import { listen, type Owner } from './places.js'

/** Answers `/update` as joohoi/acme-dns does (its README, `api.go`, `auth.go`, `validation.go`), for one account. */
export class FakeAcmeDns {
  readonly username = 'c36f50e8-4632-44f0-83fe-e070fef28a10'
  readonly password = 'htB9mR9DYgcu9bX_afHF62erXaH2TS7bg9KW3F7Z'
  readonly subdomain = '8e5700ea-a4bf-41c7-8a77-e990661dcc6a'
  readonly fulldomain = `${this.subdomain}.auth.example.org`
  /** What the TXT record has: the two newest values. */
  values: string[] = []
  url = ''

  static async start(t: Owner): Promise<FakeAcmeDns> {
    const fake = new FakeAcmeDns()
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const [status, body] = fake.#answer(request, Buffer.concat(chunks).toString())
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
    })
    fake.url = `http://127.0.0.1:${await listen(server)}`
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    return fake
  }

  #answer({ method, url, headers }: http.IncomingMessage, body: string): [number, unknown] {
    if (url !== '/update') return [404, 'not found']
    if (method !== 'POST') return [405, 'method not allowed']
    const isKnown = headers['x-api-user'] === this.username && headers['x-api-key'] === this.password
    const { subdomain, txt } = JSON.parse(body) as { subdomain?: string; txt?: string }
    if (!isKnown || subdomain !== this.subdomain) return [401, { error: 'forbidden' }]
    if (txt === undefined || !/^[\w-]{43}$/.test(txt)) return [400, { error: 'bad_txt' }]
    this.values = [...this.values, txt].slice(-2)
    return [200, { txt }]
  }
}
