import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificates, RSA_SITE } from './certificates.js'
import type { Place } from './place.js'
import type { Program } from './processes.js'

/** What HTTP loads ask for: the bytes of the answer at each path. */
export const ANSWERS = { '/1k': 1024, '/1m': 1024 ** 2 } as const
export type AnswerPath = keyof typeof ANSWERS

type Site = Pick<Place, 'processes' | 'folder' | 'certificates'>

/** Starts an nginx with one worker. `servers` makes what stands in its http block, given the folder of its files. */
export function startNginx(
  place: Site,
  name: string,
  servers: (folder: string) => string,
  prefix: readonly string[] = [],
): Program {
  const folder = join(place.folder, name)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, config(folder, place.certificates, servers(folder)))
  return place.processes.start(name, ['nginx', '-p', folder, '-e', 'stderr', '-c', file], { prefix })
}

/** The upstream of every load, by HTTP, and by HTTPS with HTTP/2. */
export function upstreamServers(folder: string, listen: { plain: string; tls: string }): string {
  writeFileSync(join(folder, '1m'), 'x'.repeat(ANSWERS['/1m']))
  return `server {
    listen ${listen.plain} backlog=4096;
    listen ${listen.tls} ssl http2 backlog=4096;
    default_type text/plain;
    location / { return 200 "hello, world\\n"; }
    location = /1k { return 200 "${'x'.repeat(ANSWERS['/1k'])}"; }
    location = /1m { root ${folder}; open_file_cache max=1; }
  }`
}

/** A TLS reverse proxy for `upstream`, which keeps its connections. */
export function proxyServers(listen: string, upstream: string, rsaSite: Certificates['rsaSite']): string {
  const location = `location / { proxy_pass http://kept; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }`
  return `upstream kept { server ${upstream}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen ${listen} ssl http2 backlog=4096;
    ${location}
  }
  server {
    listen ${listen} ssl http2;
    server_name ${RSA_SITE};
    ssl_certificate ${rsaSite.certificate};
    ssl_certificate_key ${rsaSite.key};
    ${location}
  }`
}

/** TLS with the versions and the cipher that our own server prefers. */
function config(folder: string, { site: { certificate, key } }: Site['certificates'], servers: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  // Its folder is nobody else's.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `daemon off;
${user}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  sendfile on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  ssl_certificate ${certificate};
  ssl_certificate_key ${key};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  ${servers}
}
`
}
