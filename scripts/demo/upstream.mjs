// The demo's upstream: a small web site that listens on loopback only and tells its port on stdout.
import { createServer } from 'node:http'

let visitors = 0
const server = createServer((request, response) => {
  visitors += 1
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(`Hello from the upstream. You asked for ${request.url}; you are visitor ${visitors}.\n`)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
