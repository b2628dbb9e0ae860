import t from 'tap'
import { AdminApi } from '../admin/support.js'
import { eventually } from '../support/hang.js'
import { Agent, runAgent } from '../support/product.js'
import { echo, echoOn, startEcho, visit } from '../support/pumps.js'

/**
 * Puts the calendar of a process 6 hours ahead at SIGUSR2 and, the next time, back, as a clock is set by hand or by NTP; what
 * measures time goes on.
 */
const JUMPS = `--import=data:text/javascript,${encodeURIComponent(`
  const Real = Date
  let ahead = 0
  process.on("SIGUSR2", () => { 
    ahead = ahead === 0 ? 6 * 3_600_000 : 0
    console.error('it is ' + ahead / 3_600_000 + ' hours ahead')
  })
  globalThis.Date = class extends Real {
    constructor(...args) { args.length === 0 ? super(Real.now() + ahead) : super(...args) }
    static now() { return Real.now() + ahead }
  }
`)}`

t.test(
  'a clock that jumps by hours: sessions and bans stay, tokens end and are good again by the calendar',
  async (t) => {
    const wrapper = ['sh', '-c', 'jumps=$1 node=$2; shift 2; exec "$node" "$jumps" "$@"', 'sh', JUMPS]
    const [api, upstream] = await Promise.all([AdminApi.start(t, { wrapper }), startEcho(t)])
    const { server } = api
    const jump = async (hours: number) => {
      server.process.kill('SIGUSR2')
      await server.process.line(new RegExp(`^it is ${hours} hours ahead$`), { where: 'err' })
    }
    const args = ['tcp', String(upstream.port)]
    const hour = new Date(Date.now() + 3_600_000).toISOString()
    const made = await api.call('/api/v1/tokens', { method: 'POST', body: { name: 'hour', expires_at: hour } })
    const { token } = made.body as { token: string }
    server.tokens.push(token)
    const [lasting, short] = [await Agent.start(t, server, args), await Agent.start(t, server, args, { token })]
    const visitor = await visit(lasting.port())
    t.teardown(() => visitor.destroy())
    await echoOn(visitor)
    const wrong = () => api.call('/api/v1/health', { token: `unra_${'a'.repeat(43)}` })
    for (let i = 0; i < 20; i++) await wrong()
    t.match(await wrong(), { status: 429 })

    await jump(6)
    t.match(await short.exit, { code: 3 }, 'its token ended')
    t.match(short.process.err.join('\n'), /UR_TOKEN_EXPIRED/)
    t.match(await runAgent(t, server, args, { token }), { code: 3, err: /UR_TOKEN_EXPIRED/ })
    await echoOn(visitor)
    t.match(await wrong(), { status: 429 }, 'the ban is no shorter')

    await jump(0)
    await echo((await Agent.start(t, server, args, { token })).port(), Buffer.from('good again'))
    await echoOn(visitor)
    await echo(lasting.port())
    t.equal(lasting.process.ending, null)
    t.equal(
      lasting.process.events.filter(({ event }) => event === 'offline').length,
      0,
      'nobody was thought to be gone',
    )
    const retryAfter = Number((await wrong()).headers['retry-after'])
    t.ok(retryAfter > 0 && retryAfter <= 60, `and no longer: ${retryAfter} s`)
    const usage = async () => (await api.get<{ items: { bytes_in: number }[] }>('usage')).items
    await eventually('the bytes', async () => {
      if ((await usage()).reduce((sum, { bytes_in }) => sum + bytes_in, 0) < 3 * 64) throw new Error('not yet')
    })
  },
)
