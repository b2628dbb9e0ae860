import t from 'tap'
import { VERSIONS } from '../support/curl.js'
import { Git } from '../support/git-server.js'
import { HttpProduct, hostOf } from '../support/http-product.js'

const MIB = 1024 ** 2

/**
 * A small buffer makes git send the pack in pieces, its length not told before. By HTTP/2 that hung about once in twelve
 * times, and with nginx in place of UniRoute as well: libcurl from 7.84.0 until 8.5.0 asks once more for a body of which it
 * was told that it is over, and git then waits for more of it. When the answer to that was "it is over" again, 80 of 80
 * such pushes went through.
 */
const POST_BUFFER = { '1.1': 65_536, '2': 4 * MIB }

t.test('git clones, fetches and pushes through a tunnel', async (t) => {
  const [product, git] = await Promise.all([HttpProduct.start(t), Git.create(t)])
  await git.run('.', 'init', '-q', '--bare', '-b', 'main', 'project.git')
  await git.run('project.git', 'config', 'http.receivepack', 'true')
  await git.run('.', 'clone', '-q', 'project.git', 'author')
  await git.run('author', 'checkout', '-q', '-b', 'main')
  let latest = await git.commit('author', 'first', 4 * MIB)
  await git.run('author', 'push', '-q', 'origin', 'main')
  await product.agent(t, await git.serve(t), 'code')

  for (const version of VERSIONS) {
    const settings = {
      'http.version': `HTTP/${version}`,
      'http.sslCAInfo': product.server.authority.ca,
      'http.curloptResolve': `${hostOf('code')}:${product.port}:127.0.0.1`,
      'http.proxy': '',
    }
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
    const tree = `clone-${version}`
    await git.run('.', ...flags, 'clone', '-q', product.url('code', '/project.git'), tree)
    t.equal(await git.run(tree, 'rev-parse', 'HEAD'), latest, `cloned by HTTP/${version}`)
    await git.run(tree, 'fsck', '--full', '--strict')

    latest = await git.commit(tree, `change-${version}`, 2 * MIB)
    await git.run(tree, ...flags, '-c', `http.postBuffer=${POST_BUFFER[version]}`, 'push', '-q', 'origin', 'main')
    t.equal(await git.run('project.git', 'rev-parse', 'main'), latest, 'pushed')
    await git.run('author', 'pull', '-q', 'origin', 'main')
    latest = await git.commit('author', `again-${version}`, MIB)
    await git.run('author', 'push', '-q', 'origin', 'main')
    await git.run(tree, ...flags, 'pull', '-q')
    t.equal(await git.run(tree, 'rev-parse', 'HEAD'), latest, 'and pulled')
  }
})
