/** @file The rules of ARCHITECTURE.md hold for every file under src/, and the test would see it if they did not. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { breaches, type Exceptions, importsOf, layersOf, type Sources } from './support/architecture.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

const EXCEPTIONS: Exceptions = {
  long: {},
  entries: {
    'src/models/criterion.ts': 'for training: the index serves inference, whose bundle must not hold losses',
    'src/models/detr/criterion.ts': "for training: a model's recipe, see above",
    'src/models/rtdetr/criterion.ts': 'for training, as well',
  },
}

const TABLE = `
| # | folder | one concept |
|---|---|---|
| 0 | \`src/tensor/\` | numbers |
| 3 | \`src/onnx/\` | bytes |
| 3 | \`src/passes/\` | graph in, graph out |
| 11 | \`src/cli/\` | commands |
`

/** A tree that keeps all rules. */
const GOOD: Readonly<Record<string, string>> = {
  'src/index.ts': "export * from './tensor/index.js'\n",
  'src/tensor/index.ts': "export * from './dtype.js'\n",
  'src/tensor/dtype.ts': "import type { Later } from './later.js'\nexport const a = 1\n",
  'src/tensor/later.ts': "import { a } from './dtype.js'\nexport interface Later { document: string }\n",
  'src/tensor/file.node.ts': "import { readFile } from 'node:fs'\nimport koffi from 'koffi'\n",
  'src/tensor/page.web.ts': "import * as ort from 'onnxruntime-web'\ndocument.body.append('x')\n",
  'src/tensor/dtype.test.ts': "import { readFileSync } from 'node:fs'\nimport { x } from '../passes/one.js'\n",
  'src/onnx/index.ts': "import { a } from '../tensor/index.js'\n// import { b } from '../cli/index.js'\n",
  'src/passes/index.ts': "import { a } from '../tensor/index.js'\nexport const text = 'the document'\n",
  'src/cli/index.ts': "import process from 'node:process'\nconst later = await import('../onnx/index.js')\n",
}

function found(changes: Readonly<Record<string, string>>, table = TABLE): string[] {
  const sources: Sources = new Map(Object.entries({ ...GOOD, ...changes }))
  return breaches(table, sources, {
    long: { 'src/onnx/codes.ts': 'a table of codes' },
    entries: { 'src/tensor/later.ts': 'on demand' },
  })
}

test('the table is read from its rows', () => {
  assert.deepEqual(Object.fromEntries(layersOf(TABLE)), {
    'src/tensor': 0,
    'src/onnx': 3,
    'src/passes': 3,
    'src/cli': 11,
  })
})

test('all kinds of import are seen', () => {
  const text = `
import a, { b } from './a.js'
import type { C } from './c.js'
import { type D } from './d.js'
import {
  e,
} from '../tensor/index.js'
import './f.js'
export * from './g.js'
export type { H } from './h.js'
const i = await import('./i.js')
type J = typeof import('./j.js')
// import k from './k.js'
const l = "import m from './m.js'"
`
  const seen = importsOf('src/onnx/x.ts', text)
  const describe = ({ specifier, typeOnly, dynamic }: (typeof seen)[number]): string =>
    `${specifier}${typeOnly ? ' type' : ''}${dynamic ? ' dynamic' : ''}`
  assert.deepEqual(seen.map(describe), [
    './a.js',
    './c.js type',
    './d.js',
    '../tensor/index.js',
    './g.js',
    './h.js type',
    './f.js',
    './i.js dynamic',
    './j.js type dynamic',
  ])
  assert.equal(seen[3]!.file, 'src/tensor/index.ts')
})

test('a tree that keeps the rules has no breach', () => {
  assert.deepEqual(found({}), [])
})

test('every rule is seen when it is broken', () => {
  const lines = (count: number): string => 'const a = 1\n'.repeat(count)
  const cases: [Readonly<Record<string, string>>, RegExp][] = [
    [
      { 'src/tensor/dtype.ts': "import { x } from '../onnx/index.js'\n" },
      /^src\/tensor\/dtype\.ts: imports upwards, \.\.\/onnx\/index\.js \(0 from 3\)$/,
    ],
    [{ 'src/tensor/dtype.ts': "import type { X } from '../onnx/index.js'\n" }, /imports upwards/],
    [{ 'src/onnx/a.ts': "const x = await import('../cli/index.js')\n" }, /imports upwards/],
    [
      { 'src/onnx/a.ts': "import { x } from '../passes/index.js'\n" },
      /^src\/onnx\/a\.ts: imports sideways, .* \(both 3\)$/,
    ],
    [{ 'src/onnx/a.ts': "import { x } from '../index.js'\n" }, /imports upwards/],
    [{ 'src/onnx/a.ts': "import { x } from '../tensor/deep/file.js'\n" }, /past the folder's index$/],
    [
      { 'src/onnx/a.ts': "import { x } from '../tensor/dtype.js'\n" },
      /^src\/onnx\/a\.ts: imports \.\.\/tensor\/dtype\.js past the folder's index$/,
    ],
    [
      { 'src/tensor/dtype.ts': "import { x } from './later.js'\n" },
      /^src\/tensor\/dtype\.ts → src\/tensor\/later\.ts → src\/tensor\/dtype\.ts: files import each other in a circle$/,
    ],
    [{ 'src/tensor/dtype.ts': "export * from './index.js'\n" }, /in a circle$/],
    [
      { 'src/onnx/a.ts': "import { readFile } from 'node:fs/promises'\n" },
      /^src\/onnx\/a\.ts: imports node:fs\/promises, which only/,
    ],
    [{ 'src/onnx/a.ts': "const sharp = await import('sharp')\n" }, /imports sharp, which only/],
    [{ 'src/onnx/a.web.ts': "import koffi from 'koffi'\n" }, /imports koffi, which only/],
    [{ 'src/onnx/a.ts': "import 'onnxruntime-node'\n" }, /imports onnxruntime-node, which only/],
    [{ 'src/tensor/a.ts': "import { x } from './file.node.js'\n" }, /imports \.\/file\.node\.js, which only/],
    [
      { 'src/onnx/a.ts': "import * as ort from 'onnxruntime-web'\n" },
      /imports onnxruntime-web, which only \*\.web\.ts and/,
    ],
    [{ 'src/onnx/a.ts': 'document.title\n' }, /^src\/onnx\/a\.ts: uses document, which only \*\.web\.ts/],
    [{ 'src/onnx/a.node.ts': 'const c: HTMLCanvasElement | null = null\n' }, /uses HTMLCanvasElement/],
    [{ 'src/onnx/a.ts': lines(401) }, /^src\/onnx\/a\.ts: has 401 lines, more than 400$/],
    [{ 'src/onnx/a.test.ts': lines(601) }, /has 601 lines, more than 600$/],
    [{ 'src/onnx/codes.ts': lines(10) }, /has 10 lines and needs no exception$/],
    [{ 'src/nn/index.ts': '' }, /^src\/nn\/: not in the table of ARCHITECTURE\.md$/],
    [{ 'src/onnx/utils.ts': '' }, /^src\/onnx\/utils\.ts: 'utils' says nothing$/],
    [{ 'src/onnx/wire-helpers.ts': '' }, /'helpers' says nothing$/],
    [{ 'src/onnx/core/a.ts': '' }, /'core' says nothing$/],
  ]
  for (const [changes, pattern] of cases) {
    const sentences = found(changes)
    assert.ok(
      sentences.some((sentence) => pattern.test(sentence)),
      `${pattern}: ${sentences.join('; ')}`,
    )
  }
  assert.deepEqual(found({ 'src/onnx/codes.ts': lines(401) }), [])
  assert.deepEqual(found({ 'src/onnx/a.ts': "import { x } from '../tensor/later.js'\n" }), [])
  assert.deepEqual(found({ 'src/onnx/a.ts': 'const window = 3\nwindow.toFixed()\n' }), [])
  assert.deepEqual(found({ 'src/onnx/common-words.node.ts': "import * as ort from 'onnxruntime-web'\n" }), [])
  const gone = found({}, TABLE.replace('passes', 'autodiff'))
  assert.ok(gone.includes('src/passes/: not in the table of ARCHITECTURE.md'))
  assert.ok(gone.includes('src/autodiff/: in the table of ARCHITECTURE.md, but empty or not there'))
})

test('the sources keep the rules of ARCHITECTURE.md', () => {
  const names = readdirSync(join(root, 'src'), { recursive: true }).map(String)
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => `src/${name.split(sep).join('/')}`)
  const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
  assert.ok(sources.size > 100)
  const markdown = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  assert.deepEqual(breaches(markdown, sources, EXCEPTIONS), [])
})
