/** @file What `npm pack` puts into the package: what a clean build makes of the sources, without tests, and all that it needs. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importsOf } from './support/architecture.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Manifest {
  readonly files: readonly string[]
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly bin: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}
const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Whether `files` of package.json takes a path: `folder`, `!folder/*.part.*`, with `**` for folders between. */
function isPacked(path: string): boolean {
  let packed = false
  for (const pattern of manifest.files) {
    const excludes = pattern.startsWith('!')
    const escaped = pattern.slice(excludes ? 1 : 0).replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    const expression = escaped.replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'))
    if (new RegExp(`^${expression}(?:/|$)`).test(path)) packed = !excludes
  }
  return packed
}

/** Sources, and what a clean build makes of them. */
const sources = readdirSync(join(root, 'src'), { recursive: true })
  .map((name) => `src/${String(name).split(sep).join('/')}`)
  .filter((name) => name.endsWith('.ts'))
const outputOf = (source: string, ending: string): string => `dist/${source.replace(/\.ts$/, ending)}`

test('the package holds code and types, and neither tests nor maps', () => {
  const packed = sources.filter((source) => isPacked(outputOf(source, '.js')))
  assert.ok(packed.length > 200)
  for (const source of packed) {
    assert.doesNotMatch(source, /\.(test|examples)\./)
    assert.ok(isPacked(outputOf(source, '.d.ts')), source)
    assert.ok(!isPacked(outputOf(source, '.js.map')), `the map of ${source} names a source that is not in the package`)
    assert.ok(!isPacked(outputOf(source, '.d.ts.map')), source)
  }
  assert.ok(!isPacked('dist/test/support/architecture.js'))
  assert.ok(isPacked('weights/rtdetr-page.safetensors'))
})

test('whatever is in the package finds what it imports there', () => {
  for (const source of sources.filter((name) => isPacked(outputOf(name, '.js')))) {
    for (const { file, typeOnly } of importsOf(source, readFileSync(join(root, source), 'utf8'))) {
      if (file === undefined || typeOnly) continue
      assert.ok(sources.includes(file) && isPacked(outputOf(file, '.js')), `${source} imports ${file}`)
    }
  }
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  )
  for (const target of [...targets, ...Object.values(manifest.bin)]) {
    const path = target.replace(/^\.\//, '')
    if (path === 'package.json') continue
    assert.ok(isPacked(path), target)
    assert.ok(existsSync(join(root, path.replace(/^dist\//, '').replace(/(\.d\.ts|\.js)$/, '.ts'))), target)
  }
  assert.equal(manifest.exports['./package.json'], './package.json')
})

test('packing starts with a clean build', () => {
  const { prepack, clean, build } = manifest.scripts
  assert.match(prepack ?? '', /^npm run clean && npm run build\b/)
  assert.equal(clean, 'node scripts/clean.mjs')
  assert.match(build ?? '', /^tsc\b/)
  const folder = mkdtempSync(join(tmpdir(), 'detrs-clean-'))
  try {
    cpSync(join(root, 'scripts', 'clean.mjs'), join(folder, 'scripts', 'clean.mjs'))
    mkdirSync(join(folder, 'dist', 'src'), { recursive: true })
    writeFileSync(join(folder, 'dist', 'src', 'removed.js'), '')
    execFileSync(process.execPath, [join(folder, 'scripts', 'clean.mjs')])
    assert.deepEqual(readdirSync(folder), ['scripts'])
    execFileSync(process.execPath, [join(folder, 'scripts', 'clean.mjs')])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
