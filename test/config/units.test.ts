import t from 'tap'
import fc from 'fast-check'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/config/units.js'

t.test('durations', async (t) => {
  t.same(
    ['500ms', '30s', '5m', '1h30m', '2d', '1.5s', '0s'].map(parseDuration),
    [500, 30_000, 300_000, 5_400_000, 172_800_000, 1500, 0],
  )
  t.same(
    ['', '5', 's', '5 s', '-5s', '5S', '5s ', '1e3s', '5w', '0.0001s'].map(parseDuration),
    Array(10).fill(undefined),
  )
})

t.test('sizes', async (t) => {
  t.same(
    ['16KiB', '1MiB', '2 GiB', '1KB', '1kB', '7B', '7', '0.5KiB'].map(parseSize),
    [16_384, 1_048_576, 2_147_483_648, 1000, 1000, 7, 7, 512],
  )
  t.equal(parseSize(4096), 4096)
  t.same(['', 'KiB', '-1KiB', '1kib', '1TiB', '0.3B'].map(parseSize), Array(6).fill(undefined))
  t.same([-1, 0.5, Number.NaN].map(parseSize), Array(3).fill(undefined))
})

t.test('what is formatted reads back as the same amount', async () => {
  const amount = fc.integer({ min: 0, max: 2 ** 50 })
  fc.assert(fc.property(amount, (ms) => parseDuration(formatDuration(ms)) === ms))
  fc.assert(fc.property(amount, (bytes) => parseSize(formatSize(bytes)) === bytes))
})

t.test('the largest fitting unit', async (t) => {
  t.same([0, 90_000, 60_000, 86_400_000].map(formatDuration), ['0ms', '90s', '1m', '1d'])
  t.same([0, 1023, 16_777_216, 1536, 1_000_000, 4_000_000_000, 1_024_000].map(formatSize), [
    '0B',
    '1023B',
    '16MiB',
    '1536B',
    '1MB',
    '4GB',
    '1000KiB',
  ])
})
