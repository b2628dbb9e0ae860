import path from 'node:path'
import t from 'tap'
import { eventually, within } from '../support/hang.js'
import { program, temporaryFolder } from '../support/places.js'
import { BIN, Agent, Server } from '../support/product.js'
import { Process } from '../support/processes.js'
import { echo, exchange, startEcho } from '../support/pumps.js'

/**
 * Does for a service what systemd does with a socket unit: holds the listening socket, starts the service with it
 * (sd_listen_fds(3)), and again whenever it has ended.
 */
const HOLDER = `
use Socket; use POSIX;
my ($port, @command) = @ARGV;
$^F = 10;
socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
bind($s, sockaddr_in($port, inet_aton("127.0.0.1"))) or die "bind: $!";
listen($s, 1024) or die "listen: $!";
if (fileno($s) != 3) { POSIX::dup2(fileno($s), 3) or die "dup2: $!" }
my $child; my $stop = 0;
$SIG{TERM} = sub { $stop = 1; kill 'TERM', $child };
$SIG{USR1} = sub { kill 'TERM', $child };
until ($stop) {
  $child = fork();
  if ($child == 0) { $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; $ENV{LISTEN_FDNAMES} = 'tls'; exec @command; die "exec: $!" }
  1 while waitpid($child, 0) != $child;
}
`

t.test('a restart under socket activation refuses no visitor', async (t) => {
  const perl = await program('perl', 'perl-base')
  const [server, upstream] = await Promise.all([Server.start(t, { start: false }), startEcho(t)])
  const run = [process.execPath, BIN.uniroutd, 'run', '--config', server.configFile, '--output', 'json']
  const held = new Process('holder', perl, ['-e', HOLDER, String(server.port), ...run, '--grace-period', '1s'])
  t.teardown(() => held.stop('SIGTERM'))
  await held.event('ready')
  const agent = await Agent.start(t, server, ['tls', String(upstream.port), '--domain', 'db.example.test'])
  t.ok(agent.tunnels[0])

  const failures: string[] = []
  const knocks: Promise<void>[] = []
  const knock = async () => {
    try {
      const { answer, error } = await exchange(server.port, 'GET / HTTP/1.1\r\n\r\n', { ms: 20_000 })
      if (!answer.toString().startsWith('HTTP/1.1 400')) failures.push(`no answer: ${error}`)
    } catch (error) {
      failures.push(String(error))
    }
  }
  const knocking = setInterval(() => knocks.push(knock()), 20)
  const from = held.out.length
  held.kill('SIGUSR1')
  await held.event('ready', { from })
  await agent.process.event('tunnel')
  clearInterval(knocking)
  await Promise.all(knocks)
  t.ok(knocks.length > 10, `${knocks.length} visitors came meanwhile`)
  t.same(failures, [], 'every one was answered')
})

t.test('systemd-socket-activate starts it with the first connection', async (t) => {
  const activate = await program('systemd-socket-activate', 'systemd')
  const [server, upstream] = await Promise.all([Server.start(t, { start: false }), startEcho(t)])
  const run = [process.execPath, BIN.uniroutd, 'run', '--config', server.configFile, '--output', 'json']
  const activated = new Process('systemd-socket-activate', activate, [
    '--fdname=tls',
    '-l',
    `127.0.0.1:${server.port}`,
    ...run,
  ])
  t.teardown(() => activated.stop('SIGTERM'))
  await activated.line(/Listening on/, { where: 'err' })
  const agent = await within('the agent', Agent.start(t, server, ['tcp', String(upstream.port)]))
  await eventually('the tunnel', () => echo(agent.port()))
  t.match(await activated.event('ready'), { tls: `127.0.0.1:${server.port}` })
})

t.test('readiness, reload and stop are told to the service manager', async (t) => {
  const perl = await program('perl', 'perl-base')
  const file = path.join(await temporaryFolder(t), 'notify')
  const listener = new Process('notify socket', perl, [
    '-MSocket',
    '-e',
    `$| = 1; socket(my $s, PF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un($ARGV[0])) or die $!; print "bound\\n";
     while (defined recv($s, my $m, 4096, 0)) { print "$_\\n" for split /\\n/, $m }`,
    file,
  ])
  t.teardown(() => listener.stop('SIGKILL'))
  await listener.line(/^bound$/)
  const server = await Server.start(t, { env: { NOTIFY_SOCKET: file, WATCHDOG_USEC: '1000000' } })
  await listener.line(/^READY=1$/)
  await listener.line(/^WATCHDOG=1$/)
  const from = listener.out.length
  server.process.kill('SIGHUP')
  await listener.line(/^RELOADING=1$/, { from })
  await listener.line(/^MONOTONIC_USEC=\d+$/, { from })
  await listener.line(/^READY=1$/, { from })
  server.process.kill('SIGTERM')
  await listener.line(/^STOPPING=1$/, { from })
  t.match(await server.process.exit, { code: 0 })
})
