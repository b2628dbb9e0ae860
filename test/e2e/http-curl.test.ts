import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import t from 'tap'
import { Curl, VERSIONS } from '../support/curl.js'
import { randomFile, sha256Of } from '../support/files.js'
import { HttpProduct } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { temporaryFolder } from '../support/places.js'

const MIB = 1024 ** 2
const SIZE = 32 * MIB

const [product, folder] = await Promise.all([HttpProduct.start(t), temporaryFolder(t)])
const file = path.join(folder, 'file')
const sum = await randomFile(file, SIZE)

/** Bodies that came at an upstream, and what it had said before. */
const { port, server } = await upstream(t, (request, response) => void serve(request, response))
let continued = 0
server.on('checkContinue', (request, response) => {
  if (request.url === '/unwanted') {
    response.writeHead(413, { connection: 'close' }).end('too much')
    return
  }
  continued++
  response.writeContinue()
  void serve(request, response)
})
await product.agent(t, port, 'shop')

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  switch (request.url) {
    case '/file':
      response.setHeader('content-length', SIZE)
      if (request.method === 'HEAD') response.end()
      else createReadStream(file).pipe(response)
      return
    case '/trailers':
      response.setHeader('trailer', 'x-checksum')
      response.write('body')
      response.addTrailers({ 'x-checksum': 'abc' })
      response.end()
      return
    case '/early':
      response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }, () => response.end('late'))
      return
    default:
      response.end(await sha256Of(request))
  }
}

for (const version of VERSIONS) {
  t.test(`curl by HTTP/${version}`, async (t) => {
    const curl = await Curl.at(product, version)
    const url = (path: string) => product.url('shop', path)

    t.test('GET and HEAD', async (t) => {
      const copy = path.join(folder, `copy-${version}`)
      const got = await curl.run('-o', copy, '-w', '%{http_version} %{response_code}', url('/file'))
      t.match(got, { code: 0, out: `${version} 200` })
      t.equal(
        createHash('sha256')
          .update(await readFile(copy))
          .digest('hex'),
        sum,
      )
      const head = await curl.run('-I', '-w', '%{size_download}', url('/file'))
      t.match(head, { code: 0, out: new RegExp(`content-length: ${SIZE}\\b[^]*\\n0$`, 'i') })
    })

    t.test('an upload of a known and of an unknown length', async (t) => {
      t.match(await curl.run('-T', file, url('/up')), { code: 0, out: sum })
      t.match(await curl.run('-T', file, '-H', 'Transfer-Encoding: chunked', '-H', 'Expect:', url('/up')), {
        code: 0,
        out: sum,
      })
    })

    t.test('POST with Expect: 100-continue waits for the word of the upstream', async (t) => {
      const before = continued
      const post = ['-v', '--expect100-timeout', '60', '-H', 'Expect: 100-continue', '--data-binary', `@${file}`]
      const wanted = await curl.run(...post, url('/up'))
      t.match(wanted, { code: 0, out: sum, err: new RegExp(`< HTTP/${version} 100`) })
      t.equal(continued, before + 1)
      const unwanted = await curl.run(...post, '-w', ' %{response_code} %{size_upload}', url('/unwanted'))
      t.match(unwanted, { out: 'too much 413 0' }, 'a body that is not wanted is not sent')
      t.notMatch(unwanted.err, new RegExp(`< HTTP/${version} 100`))
    })

    t.test('trailers and early hints', async (t) => {
      t.match(await curl.run('-D', '-', url('/trailers')), { code: 0, out: /body[^]*x-checksum: abc/i })
      const early = await curl.run('-v', url('/early'))
      t.match(early, {
        out: 'late',
        err: new RegExp(`< HTTP/${version} 103 [^]*< link: </style.css>[^]*< HTTP/${version} 200`, 'i'),
      })
    })
  })
}
