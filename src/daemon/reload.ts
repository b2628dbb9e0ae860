import { diffReload, type ReloadDiff, type ServerConfig } from '../config/index.js'

/** The configuration after a reload: `after` where a running server can follow it, `before` elsewhere; and which is which. */
export function reloadedConfig(before: ServerConfig, after: ServerConfig): { config: ServerConfig; diff: ReloadDiff } {
  const diff = diffReload(before, after)
  let config: unknown = before
  for (const key of diff.reloadable) config = withValueOf(config, after, key.split('.'))
  return { config: config as ServerConfig, diff }
}

// A copy of `target` along `path`, which there has the value of `source`.
function withValueOf(target: unknown, source: unknown, [key, ...rest]: string[]): unknown {
  if (key === undefined) return source
  const [group, other] = [target, source] as Readonly<Record<string, unknown>>[]
  return { ...group, [key]: withValueOf(group?.[key], other?.[key], rest) }
}
