import { createServer, type AddressInfo } from 'node:net'

// Sends back whatever arrives. usage: echo-upstream HOST. Prints "listening PORT".
const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.pipe(socket)
})
server.listen({ host: process.argv[2], port: 0, backlog: 4096 }, () => {
  console.log(`listening ${(server.address() as AddressInfo).port}`)
})
