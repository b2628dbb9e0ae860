import type { ReplayResult, SuiteRun } from '../../src/inspector/contract.js'
import type { FakeInspector } from './fake-inspector.js'
import { fakeConnection, fakeExchange, type ExchangeSpec, type FakeExchange } from './inspector-fixtures.js'

const BROWSER: readonly (readonly [string, string, boolean?])[] = [
  ['Host', 'shop.tunnels.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['Accept', 'application/json'],
  ['Accept-Encoding', 'gzip, br'],
  ['Cookie', '[redacted]', true],
  ['X-Forwarded-For', '203.0.113.24'],
]

export const ORDER = {
  order: 1204,
  customer: { id: 77, name: 'Ann Lee', country: 'DE' },
  items: [
    { sku: 'lamp-07', title: 'Desk lamp', quantity: 1, price: 49.9 },
    { sku: 'bulb-e27', title: 'Bulb, E27', quantity: 4, price: 3.2 },
  ],
  paid: true,
  coupon: null,
  ledger: '12345678901234567890',
}

const JSON_FIELDS: readonly (readonly [string, string])[] = [
  ['Date', 'Sun, 29 Nov 2026 10:15:01 GMT'],
  ['Cache-Control', 'no-store'],
  ['Content-Length', '312'],
]

/** A request for each row of a busy shop; the first is the oldest. */
const SCENE: readonly ExchangeSpec[] = [
  {
    target: '/',
    response: { type: 'text/html; charset=utf-8', body: '<!doctype html>\n<title>Shop</title>\n<h1>Lamps</h1>\n' },
  },
  {
    target: '/assets/shop.css',
    response: { type: 'text/css', body: 'h1 { color: teal }\n' },
    timing: { waitingMs: 1.9 },
  },
  {
    target: '/assets/shop.js',
    response: { type: 'text/javascript', body: 'start()\n', bytes: 48_210, info: { codings: ['gzip'] } },
  },
  {
    target: '/api/session',
    status: 401,
    reason: 'Unauthorized',
    response: { type: 'application/json', body: '{"error":"log in first"}' },
  },
  {
    method: 'POST',
    target: '/api/session',
    status: 204,
    reason: 'No Content',
    request: {
      fields: BROWSER,
      type: 'application/x-www-form-urlencoded',
      body: 'user=ann&password=%5Bredacted%5D&remember=1',
      info: { redacted: true },
    },
    timing: { waitingMs: 84 },
  },
  { target: '/old-lamps', status: 308, reason: 'Permanent Redirect', timing: { waitingMs: 1.2 } },
  {
    target: '/api/lamps?color=teal&sort=price',
    response: { fields: JSON_FIELDS, type: 'application/json', body: '[]' },
    timing: { waitingMs: 132, receivingMs: 4 },
  },
  {
    target: '/api/stock/stream',
    kind: 'sse',
    state: 'open',
    timing: { receivingMs: null, totalMs: null },
    response: { type: 'text/event-stream', body: '', bytes: 1830 },
    messages: Array.from({ length: 12 }, (_, index) => ({
      direction: 'to-visitor' as const,
      kind: 'event' as const,
      label: index % 4 === 3 ? 'price' : 'stock',
      text: JSON.stringify({ sku: 'lamp-07', left: 40 - index }),
      atMs: 120 + index * 1710,
    })),
  },
  {
    target: '/live',
    kind: 'websocket',
    state: 'open',
    status: 101,
    reason: 'Switching Protocols',
    timing: { receivingMs: null, totalMs: null },
    messages: [
      { direction: 'to-upstream', kind: 'text', text: '{"join":"support","as":"ann"}', atMs: 14 },
      { direction: 'to-visitor', kind: 'text', text: '{"joined":"support","members":["ann","bo"]}', atMs: 31 },
      { direction: 'to-visitor', kind: 'text', text: '{"from":"bo","text":"hello Ann, how can I help?"}', atMs: 2210 },
      { direction: 'to-upstream', kind: 'text', text: '{"text":"where is order 1204?"}', atMs: 9804 },
      { direction: 'to-visitor', kind: 'ping', base64: 'AAAAAQ==', atMs: 20000 },
      { direction: 'to-upstream', kind: 'pong', base64: 'AAAAAQ==', atMs: 20012 },
      {
        direction: 'to-visitor',
        kind: 'binary',
        base64: Buffer.from('%PDF-1.7 receipt').toString('base64'),
        bytes: 48_114,
        truncated: true,
        atMs: 24190,
      },
    ],
  },
  {
    method: 'POST',
    target: '/shop.v1.Stock/Watch',
    kind: 'grpc',
    protocol: 'HTTP/2.0',
    request: { type: 'application/grpc', fields: [['te', 'trailers']] },
    response: { type: 'application/grpc', trailers: [['grpc-status', '0']] },
    timing: { waitingMs: 22, receivingMs: 3011 },
    messages: [
      { direction: 'to-upstream', kind: 'grpc', label: 'shop.v1.WatchRequest', text: '{"sku":"lamp-07"}', atMs: 2 },
      {
        direction: 'to-visitor',
        kind: 'grpc',
        label: 'shop.v1.StockChange',
        text: '{"sku":"lamp-07","left":28}',
        atMs: 24,
      },
      {
        direction: 'to-visitor',
        kind: 'grpc',
        label: 'shop.v1.StockChange',
        text: '{"sku":"lamp-07","left":27}',
        atMs: 3033,
      },
    ],
  },
  {
    method: 'PUT',
    target: '/api/cart/77',
    status: 409,
    reason: 'Conflict',
    request: { fields: BROWSER, type: 'application/json', body: '{"sku":"lamp-07","quantity":2}' },
    response: { type: 'application/problem+json', body: '{"title":"only one left"}' },
    timing: { waitingMs: 31 },
  },
  {
    method: 'POST',
    target: '/hooks/payments',
    tunnel: 'hooks',
    host: 'hooks.tunnels.example.com',
    status: null,
    state: 'cut',
    problem: 'localhost:4000 refuses connections: is the service running?',
    timing: { waitingMs: null, receivingMs: null, totalMs: 3.1 },
  },
  {
    target: '/api/recommendations?for=77',
    status: 503,
    reason: 'Service Unavailable',
    timing: { waitingMs: 9803, receivingMs: 2 },
    response: { type: 'text/plain', body: 'the model is loading\n' },
  },
  {
    target: '/assets/lamp-07.png',
    response: { type: 'image/png', body: png(), bytes: png().length, info: { text: false } },
    timing: { waitingMs: 3, receivingMs: 41 },
  },
  {
    method: 'POST',
    target: '/api/orders',
    status: 201,
    reason: 'Created',
    request: {
      fields: [...BROWSER, ['Authorization', 'Bearer [redacted]', true]],
      type: 'application/json',
      body: JSON.stringify({ cart: 77, coupon: null }),
    },
    response: {
      fields: JSON_FIELDS,
      type: 'application/json',
      body: JSON.stringify(ORDER).replace('"12345678901234567890"', '12345678901234567890'),
    },
    timing: { sendingMs: 2.1, waitingMs: 214, receivingMs: 6.4 },
  },
]

/** Fills a fake API with what a shop would have. Answers the exchange of the order. */
export function fillScene(fake: FakeInspector): FakeExchange {
  for (const spec of Array.from({ length: 3 }, () => SCENE).flat()) fake.add(spec)
  fake.connections = Array.from({ length: 14 }, (_, index) =>
    fakeConnection(
      index + 1,
      index === 5 ? { problem: 'localhost:5432 closed the connection before the visitor did.' } : {},
    ),
  )
  fake.replay = (of) => fakeReplay(of)
  fake.suites.set('checkout', {
    ids: [],
    summary: { name: 'checkout', requests: 3, savedAt: '2026-11-29T10:40:00.000Z' },
  })
  fake.suites.set('webhooks', {
    ids: [],
    summary: { name: 'webhooks', requests: 12, savedAt: '2026-11-27T16:02:00.000Z' },
  })
  fake.run = (name) => fakeRun(name)
  const order = fake.exchanges.at(-1)
  if (order === undefined) throw new Error('the scene is empty')
  return order
}

/** An answer that differs in status, a field and three places of its JSON. */
export function fakeReplay(of: FakeExchange): ReplayResult {
  const again = fakeExchange(9000, {
    method: of.summary.method,
    target: of.summary.target,
    status: 200,
    replayOf: of.summary.id,
    timing: { waitingMs: 58 },
  })
  return {
    exchange: again.summary,
    omitted: ['Cookie'],
    diff: {
      same: false,
      status: { before: of.summary.status, after: 200, same: false },
      fields: [
        { key: 'Cache-Control', change: 'changed', before: 'no-store', after: 'private, max-age=60' },
        { key: 'Server-Timing', change: 'added', before: null, after: 'db;dur=41.2' },
      ],
      body: {
        kind: 'json',
        entries: [
          { key: '/order', change: 'changed', before: 1204, after: 1205 },
          { key: '/items/1/price', change: 'changed', before: 3.2, after: 3.4 },
          { key: '/coupon', change: 'removed', before: null, after: null },
          { key: '/customer/tier', change: 'added', before: null, after: 'gold' },
        ],
      },
    },
  }
}

function fakeRun(name: string): SuiteRun {
  const cart = fakeExchange(9001, { target: '/api/cart/77' })
  const order = fakeExchange(9002, { method: 'POST', target: '/api/orders', status: 201 })
  const same = {
    same: true,
    status: { before: 200, after: 200, same: true },
    fields: [],
    body: { kind: 'same' as const },
  }
  const lines = [
    { change: 'same' as const, text: 'Dear Ann,' },
    { change: 'removed' as const, text: 'your order leaves tomorrow.' },
    { change: 'added' as const, text: 'your order leaves today.' },
    { change: 'same' as const, text: 'The shop' },
  ]
  return {
    name,
    same: 1,
    different: 1,
    failed: 1,
    results: [
      { method: 'GET', target: '/api/cart/77', exchange: cart.summary, diff: same, problem: null, omitted: [] },
      {
        method: 'POST',
        target: '/api/orders',
        exchange: order.summary,
        diff: { ...same, same: false, body: { kind: 'text', lines } },
        problem: null,
        omitted: ['Cookie'],
      },
      {
        method: 'POST',
        target: '/hooks/payments',
        exchange: null,
        diff: null,
        problem: 'localhost:4000 refuses connections: is the service running?',
        omitted: [],
      },
    ],
  }
}

/** A picture of 2 × 2 pixels. */
function png(): Buffer {
  return Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAE0lEQVR4nGMQyfT+tNWFAYiBLAAmxgVnvdsN6AAAAABJRU5ErkJggg==',
    'base64',
  )
}
