import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isolated, run, temporaryFolder } from '../../test/support/cli.js'
import { WITHOUT_PDFIUM } from '../../test/support/pdf-files.js'

interface Finding {
  readonly what: string
  readonly works?: boolean
  readonly found: string
  readonly remedy?: string
}

test('detrs doctor says what works, and ends with 0 where detection does', async () => {
  const folder = temporaryFolder()
  const env = isolated(folder)
  const { code, out, err } = await run(['doctor', '--json'], { env })
  assert.equal(err, '')
  const findings = JSON.parse(out) as Finding[]
  const of = (what: string): Finding => findings.find((finding) => finding.what === what)!
  for (const what of ['system', 'processor', 'memory', 'engine', 'images', 'pdf', 'cache', 'weights']) {
    assert.ok(of(what) !== undefined, what)
  }
  assert.equal(of('pdf').works, WITHOUT_PDFIUM === false)
  assert.equal(of('cache').found, join(folder, 'cache'))
  assert.match(of('weights').found, /detrs pull NAME/)
  assert.equal(code, of('engine').works === true && of('images').works === true ? 0 : 1)
  for (const finding of findings) if (finding.works === false) assert.ok(finding.remedy, finding.what)

  const table = await run(['doctor'], { env })
  assert.equal(table.code, code)
  for (const { what } of findings) assert.match(table.out, new RegExp(`^[✓✗ ] +${what} `, 'm'))
  for (const { what, works, remedy } of findings) {
    if (works === false) assert.ok(table.out.includes(`\n${what}: ${remedy}\n`), what)
  }
})
