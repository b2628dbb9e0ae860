import type { z } from 'zod'
import { agentSchema } from './agent-schema.js'
import { type Meta, metaOf } from './field.js'
import { serverSchema } from './server-schema.js'
import { type KeyPath, pathText } from './walk.js'

/** docs/configuration.md, from the schemas of server and agent. */
export function configurationPage(): string {
  return [
    '# Configuration\n',
    'Generated from `src/config` by `make gen`; do not edit.\n',
    INTRODUCTION,
    '## The server: `uniroutd.yml`\n',
    'Read from `/etc/uniroute/uniroutd.yml`, or from the file that `--config` names.\n',
    'SIGHUP reads the file again. Keys marked *reload* take effect at once, and no connection is dropped;',
    'a change of any other key is named in the log and waits for a restart.\n',
    ...groups(serverSchema, [], true),
    '## The agent: `uniroute.yml`\n',
    'Read from `~/.config/uniroute/uniroute.yml` (below `$XDG_CONFIG_HOME` if that is set), or from the file that',
    '`--config` or `UNIROUTE_CONFIG` names. Flags win over the environment, the environment over the file.\n',
    AGENT_EXAMPLE,
    ...groups(agentSchema, [], false),
  ].join('\n')
}

const INTRODUCTION = `Files are YAML. A key that is not known is an error, and the message names the nearest known one. A key with nothing
behind it counts as absent. Relative paths are meant from the folder of the file, \`~/\` is the home folder.
Durations are written with a unit (\`500ms\`, \`30s\`, \`5m\`, \`1h30m\`, \`2d\`), sizes too (\`64KiB\`, \`16MiB\`, \`1GB\`; a number
alone counts bytes).
`

const AGENT_EXAMPLE = `\`\`\`yaml
server: tunnels.example.com
token: unr_…
tunnels:
  db:
    kind: tcp
    upstream: 5432
    remote_port: 20001
  shop:
    kind: tls
    upstream: localhost:8443
    domain: shop.example.com
\`\`\`
`

/** One heading and one table for a group's own keys, then the groups inside it. `reloads`: the program obeys SIGHUP. */
function groups(schema: z.ZodType, path: KeyPath, reloads: boolean): string[] {
  const { doc, children = {} } = metaOf(schema)
  const rows: string[] = []
  const below: string[] = []
  for (const [key, child] of Object.entries(children)) {
    const meta = metaOf(child)
    const at = [...path, key]
    if (meta.items) below.push(...groups(meta.items, [...at, Array.isArray(defaultOf(child)) ? 0 : 'NAME'], reloads))
    if (meta.children) below.push(...groups(child, at, reloads))
    else rows.push(row(key, meta, reloads))
  }
  const heading = path.length === 0 ? [] : [`### \`${pathText(path).replace('[0]', '[]')}\`\n`]
  const table = rows.length === 0 ? [] : ['| key | allowed | default | |', '| --- | --- | --- | --- |', ...rows, '']
  return [...heading, ...(doc === '' ? [] : [`${doc}\n`]), ...table, ...below]
}

function row(key: string, meta: Meta, reloads: boolean): string {
  const marks = [reloads && meta.reload ? '*reload*' : '', meta.later === 'key' ? '*not in this version*' : '']
  const cells = [
    `\`${key}\``,
    meta.allowed ?? 'see below',
    defaultCell(meta),
    [meta.doc, ...marks].filter(Boolean).join(' '),
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function defaultCell(meta: Meta): string {
  if (meta.defaultText) return meta.defaultText
  if (meta.required) return 'required'
  if (meta.items || meta.default === undefined) return 'none'
  return Array.isArray(meta.default) && meta.default.length === 0 ? 'none' : `\`${meta.default as string | number}\``
}

function defaultOf(schema: z.ZodType): unknown {
  return schema.parse(undefined)
}
