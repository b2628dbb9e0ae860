import { Dialog } from './bits.js'

const KEYS: readonly (readonly [string, string])[] = [
  ['j k, ↓ ↑', 'next or previous request'],
  ['Enter', 'open it'],
  ['Esc', 'close it'],
  ['/', 'search and filter'],
  ['r', 'replay the open one as it was'],
  ['e', 'edit and replay it'],
  ['x', 'mark it, for a suite or a HAR file'],
  ['p', 'pause the list, or let it go on'],
  ['1 – 4', 'the pages'],
  ['?', 'this help'],
]

const WORDS: readonly (readonly [string, string])[] = [
  ['checkout 500', 'words anywhere: method, target, status, fields, bodies'],
  ['status:5xx', 'or 404, 400-499, none'],
  ['method:POST path:/api', ''],
  ['kind:websocket', 'or http, sse, grpc'],
  ['tunnel:shop', ''],
  ['time:>200ms size:<10k', 'time:100-500 for a span'],
  ['header:"accept: json"', 'a name, or a name and part of the value'],
  ['body:"order 1204"', 'part of a text body'],
]

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys and search" onClose={onClose}>
      <div className="help">
        <dl>
          {KEYS.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {WORDS.map(([word, what]) => (
            <div key={word}>
              <dt>
                <code>{word}</code>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  )
}
