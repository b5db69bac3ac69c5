/**
 * Runs the compiled tests with node's test runner and closes with one line: `N passed, N failed[, N skipped]`.
 *
 *   node scripts/test.mjs            all tests
 *   node scripts/test.mjs --quick    without the tests named *.slow.test.js
 *   node scripts/test.mjs TEXT …     only files whose path contains one of the texts
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const args = process.argv.slice(2)
const quick = args.includes('--quick')
const wanted = args.filter((arg) => !arg.startsWith('--'))

const files = readdirSync('dist', { recursive: true })
  .map((name) => join('dist', String(name)))
  .filter((name) => name.endsWith('.test.js') && statSync(name).isFile())
  // The compiler leaves the output of a test that was renamed or removed.
  .filter((name) => existsSync(name.slice('dist/'.length).replace(/\.js$/, '.ts')))
  .filter((name) => !(quick && name.endsWith('.slow.test.js')))
  .filter((name) => wanted.length === 0 || wanted.some((text) => name.includes(text)))
  .sort()
if (files.length === 0) {
  console.error('test.mjs: expected compiled tests under dist/, got none. Run npm run build first.')
  process.exit(1)
}

const child = spawn(
  process.execPath,
  [
    '--expose-gc',
    '--test',
    '--test-concurrency=2',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    ...files,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
// The summary's lines, wherever they stand: failures may be listed after them.
const counts = new Map()
let rest = ''
child.stdout.setEncoding('utf8')
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk)
  const lines = (rest + chunk).split('\n')
  rest = lines.pop()
  for (const line of lines) {
    const found = line.match(/^ℹ (pass|fail|cancelled|skipped) (\d+)$/)
    if (found) counts.set(found[1], Number(found[2]))
  }
})
child.on('close', (code) => {
  const count = (name) => counts.get(name) ?? 0
  const [passed, failed, skipped] = [count('pass'), count('fail') + count('cancelled'), count('skipped')]
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exit(code === 0 && passed > 0 ? 0 : 1)
})
