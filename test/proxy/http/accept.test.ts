import t from 'tap'
import { answerForm } from '../../../src/proxy/http/accept.js'

const CASES: readonly (readonly [string | undefined, string, string])[] = [
  [undefined, 'text', 'no wish'],
  ['', 'text', 'an empty one'],
  ['*/*', 'text', 'curl'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html', 'Firefox'],
  [
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
    'html',
    'Chromium',
  ],
  ['application/json', 'json', 'a program'],
  ['application/problem+json', 'json', 'one that knows'],
  ['application/json, text/plain, */*', 'json', 'axios'],
  ['text/plain, application/json', 'text', 'the first of two'],
  ['text/html;q=0.5, application/json;q=0.9', 'json', 'q-values'],
  ['application/json;q=0.9, text/html', 'html', 'q-values, turned round'],
  ['text/html;q=0.1, */*;q=0.5', 'text', 'the exact range says less than the others get'],
  ['text/html;q=0, */*', 'text', 'not html'],
  ['text/plain;q=0, */*', 'html', 'anything but text'],
  ['text/*', 'text', 'a kind'],
  ['text/*;q=0.5, text/html;q=0.7, application/*;q=0.6', 'html', 'the most exact counts'],
  ['application/*', 'json', 'the other kind'],
  ['image/png', 'text', 'what there is not'],
  ['image/*, application/json;q=0.001', 'json', 'the least there is'],
  ['application/json;q=0', 'text', 'nothing'],
  [' Text/HTML ; level=1 ; Q=1.000 ', 'html', 'case and spaces'],
  ['text/html;q=2, application/json;q=0.1', 'json', 'a q that is none'],
  ['text/html;q=x, application/json;q=0.1', 'json', 'nor this'],
  ['text/html;q=, application/json;q=0.1', 'json', 'nor this'],
  ['text/html;q=-1, application/json;q=0.1', 'json', 'nor this'],
  ['application/grpc', 'text', 'gRPC'],
]

for (const [accept, form, name] of CASES) {
  t.test(`${name}: ${accept}`, async (t) => {
    t.equal(answerForm(accept), form)
  })
}

t.test('a list of any length is looked at as far as is useful', async (t) => {
  t.equal(answerForm(`${'image/png,'.repeat(63)}text/html`), 'html')
  t.equal(answerForm(`${'image/png,'.repeat(100_000)}text/html`), 'text')
})
