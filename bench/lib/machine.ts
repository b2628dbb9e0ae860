import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

export interface MachineFacts {
  cpu: string
  cores: number
  memoryGiB: number
  kernel: string
  system: string
  node: string
  openssl: string
  /** The kernel's default, which the loopback rows use. */
  congestionControl: string
  programs: Record<string, string>
}

export function machineFacts(): MachineFacts {
  const list = cpus()
  return {
    cpu: list[0]?.model.trim() ?? 'unknown',
    cores: list.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    node: process.version,
    openssl: process.versions.openssl,
    congestionControl: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
    programs: {
      iperf3: firstWords('iperf3 --version', /[\d.]+/),
      h2load: firstWords('h2load --version', /[\d.]+$/m),
      wrk: firstWords('wrk --version', /[\d.]+/),
      nginx: firstWords('PATH=$PATH:/usr/sbin nginx -v', /[\d.]+/),
    },
  }
}

function firstWords(command: string, pattern: RegExp): string {
  const printed = execFileSync('/bin/sh', ['-c', `${command} 2>&1 || true`], { encoding: 'utf8' })
  return pattern.exec(printed)?.[0] ?? 'unknown'
}
