import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { ROOT } from '../support/places.js'
import { run } from '../support/processes.js'

const RULES = join(ROOT, 'deploy/prometheus/certificates.yml')
const EXPIRY = 'uniroute_certificate_expiry_timestamp_seconds{name="tunnels.test"}'
const ORDERS = 'uniroute_certificate_orders_total'

t.test('promtool accepts the rules', async (t) => {
  t.match(await run('promtool', ['check', 'rules', RULES]), { code: 0 })
})

t.test('each alert fires when it should, and not before', async (t) => {
  const file = join(t.testdir(), 'tests.yml')
  const alert = (alertname: string, at: string, firing: boolean, labels: Record<string, string> = {}) => ({
    alertname,
    eval_time: at,
    exp_alerts: firing ? [{ exp_labels: labels }] : [],
  })
  // Time begins at 0: the certificate ends after ten days.
  const series = (...values: [string, string][]) => values.map(([name, values]) => ({ series: name, values }))
  const tests = [
    {
      interval: '1h',
      input_series: series([EXPIRY, '864000x240']),
      alert_rule_test: [
        alert('UniRouteCertificateEndsSoon', '6d', false),
        alert('UniRouteCertificateEndsSoon', '8d', true, { severity: 'critical', name: 'tunnels.test' }),
      ],
    },
    {
      interval: '1h',
      input_series: series(['uniroute_certificates_failing', '0x3 2x20']),
      alert_rule_test: [
        alert('UniRouteCertificateOrdersFail', '5h', false),
        alert('UniRouteCertificateOrdersFail', '12h', true, { severity: 'warning' }),
      ],
    },
    {
      interval: '1h',
      input_series: series([`${ORDERS}{result="failed"}`, '0+1x48'], [`${ORDERS}{result="issued"}`, '1x48']),
      alert_rule_test: [alert('UniRouteNoCertificateIssued', '30h', true, { severity: 'warning' })],
    },
    {
      interval: '1h',
      input_series: series([`${ORDERS}{result="failed"}`, '0+1x48'], [`${ORDERS}{result="issued"}`, '0+1x48']),
      alert_rule_test: [alert('UniRouteNoCertificateIssued', '30h', false)],
    },
  ]
  // Texts are for people; the labels say which alert it is.
  const rules = join(t.testdirName, 'rules.yml')
  const { out } = await run('sed', ['-E', '/annotations:|summary:|description:/d', RULES])
  writeFileSync(rules, out)
  writeFileSync(file, stringify({ rule_files: ['rules.yml'], evaluation_interval: '1h', tests }))
  const result = await run('promtool', ['test', 'rules', file])
  t.equal(result.code, 0, result.out + result.err)
})
