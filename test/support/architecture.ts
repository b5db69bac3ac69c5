/** @file What the architecture test checks, on the texts of the files: the rules of ARCHITECTURE.md, each as a function. */

/** Source files by path from the repository root, with forward slashes. */
export type Sources = ReadonlyMap<string, string>

/** One import, re-export or dynamic import. */
interface Import {
  readonly from: string
  readonly specifier: string
  /** The imported file's path; undefined for packages. */
  readonly file: string | undefined
  /** Erased by the compiler. */
  readonly typeOnly: boolean
  /** Loaded on demand. */
  readonly dynamic: boolean
}

/** Longest files: sources, and tests. */
const MOST_LINES = 400
const MOST_TEST_LINES = 600

/** Names that say nothing about what is inside. */
const BANNED = ['util', 'utils', 'misc', 'helper', 'helpers', 'common', 'core', 'manager']

/** Packages that run in Node only, and in browsers only. */
const NODE_PACKAGES = ['sharp', 'koffi', 'onnxruntime-node', 'undici', '@hyzyla/pdfium']
const WEB_PACKAGES = ['onnxruntime-web']

const DOM_NAMES =
  'window|document|navigator|localStorage|sessionStorage|createImageBitmap|requestAnimationFrame|OffscreenCanvas|HTML[A-Z]\\w*Element'

/** Tests and what only tests read. */
export function isTest(path: string): boolean {
  return /\.(test|examples)\./.test(path)
}

/** Folder numbers from the table of ARCHITECTURE.md: rows `| 4 | \`src/nn/\` | layers |`. */
export function layersOf(markdown: string): ReadonlyMap<string, number> {
  const rows = [...markdown.matchAll(/^\|\s*(\d+)\s*\|\s*`(src\/[^`]+?)\/?`\s*\|/gm)]
  return new Map(rows.map(([, number, folder]) => [folder!, Number(number)]))
}

/** `src/nn` of `src/nn/linear.ts`; `src` of the package's entry files. */
function folderOf(path: string): string {
  const parts = path.split('/')
  return parts.length > 2 ? `${parts[0]}/${parts[1]}` : parts[0]!
}

/** The text without comments, and with `blankTexts` without the contents of strings. */
function codeOf(text: string, blankTexts: boolean): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  return text.replace(token, (match) => {
    if (match.startsWith('/')) return ' '
    return blankTexts ? "''" : match
  })
}

/** The imports of a file. */
export function importsOf(path: string, text: string): readonly Import[] {
  const code = codeOf(text, false)
  const found: Import[] = []
  const add = (specifier: string, typeOnly: boolean, dynamic: boolean): void => {
    const file = specifier.startsWith('.') ? resolved(path, specifier) : undefined
    found.push({ from: path, specifier, file, typeOnly, dynamic })
  }
  for (const [, kind, specifier] of code.matchAll(/^(?:import|export)\s+(type\s)?[^'"]*?\bfrom\s+['"]([^'"]+)['"]/gm)) {
    add(specifier!, kind !== undefined, false)
  }
  for (const [, specifier] of code.matchAll(/^import\s+['"]([^'"]+)['"]/gm)) add(specifier!, false, false)
  for (const [, kind, specifier] of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    add(specifier!, kind !== undefined, true)
  }
  return found
}

function resolved(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/').replace(/\.js$/, '.ts')
}

/** What is allowed although a rule forbids it, by path, with the reason. */
export interface Exceptions {
  /** Files that may be longer than the others. */
  readonly long: Readonly<Record<string, string>>
  /** Files that other folders may import beside the index. */
  readonly entries: Readonly<Record<string, string>>
}

/** Every breach of the rules, as sentences. */
export function breaches(markdown: string, sources: Sources, { long, entries }: Exceptions): string[] {
  const layers = layersOf(markdown)
  const code = [...sources].filter(([path]) => !isTest(path))
  const imports = code.flatMap(([path, text]) => importsOf(path, text))
  return [
    ...folderBreaches(layers, [...sources.keys()]),
    ...imports.flatMap((each) => [...directionBreaches(layers, each, entries), ...platformBreaches(each)]),
    ...code.flatMap(([path, text]) => domBreaches(path, text)),
    ...cycles(imports).map((cycle) => `${cycle.join(' → ')}: files import each other in a circle`),
    ...[...sources].flatMap(([path, text]) => sizeBreaches(path, text, long)),
    ...[...sources.keys()].flatMap(nameBreaches),
  ]
}

function folderBreaches(layers: ReadonlyMap<string, number>, paths: readonly string[]): string[] {
  const folders = new Set(paths.map(folderOf).filter((folder) => folder !== 'src'))
  const missing = [...folders].filter((folder) => !layers.has(folder))
  const empty = [...layers.keys()].filter((folder) => !folders.has(folder))
  return [
    ...missing.map((folder) => `${folder}/: not in the table of ARCHITECTURE.md`),
    ...empty.map((folder) => `${folder}/: in the table of ARCHITECTURE.md, but empty or not there`),
  ]
}

function directionBreaches(
  layers: ReadonlyMap<string, number>,
  { from, file, specifier }: Import,
  entries: Exceptions['entries'],
): string[] {
  if (file === undefined) return []
  const [own, other] = [folderOf(from), folderOf(file)]
  if (own === other) return []
  // The package's entry files stand above all folders; a folder without a number is reported by itself.
  const numberOf = (folder: string): number | undefined =>
    folder === 'src' ? Number.POSITIVE_INFINITY : layers.get(folder)
  const [low, high] = [numberOf(other), numberOf(own)]
  if (low === undefined || high === undefined) return []
  const found: string[] = []
  if (low > high) found.push(`${from}: imports upwards, ${specifier} (${high} from ${low})`)
  if (low === high && own !== 'src') found.push(`${from}: imports sideways, ${specifier} (both ${low})`)
  const entered = /\/index(\.node|\.web)?\.ts$/.test(file) || entries[file] !== undefined
  if (!entered && other !== 'src') found.push(`${from}: imports ${specifier} past the folder's index`)
  return found
}

function platformBreaches({ from, specifier, typeOnly }: Import): string[] {
  if (typeOnly) return []
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1)[0]!
  const node = name.startsWith('node:') || NODE_PACKAGES.includes(name) || /\.node\.js$/.test(specifier)
  const web = WEB_PACKAGES.includes(name) || /\.web\.js$/.test(specifier)
  const found: string[] = []
  if (node && !isNodeFile(from))
    found.push(`${from}: imports ${specifier}, which only *.node.ts files and src/cli/ may`)
  // ONNX Runtime's web build runs in Node as well, where there is no native one.
  if (web && !/\.(web|node)\.ts$/.test(from)) {
    found.push(`${from}: imports ${specifier}, which only *.web.ts and *.node.ts files may`)
  }
  return found
}

/** The command line runs in Node as a whole. */
function isNodeFile(path: string): boolean {
  return path.endsWith('.node.ts') || path.startsWith('src/cli/')
}

function domBreaches(path: string, text: string): string[] {
  if (path.endsWith('.web.ts')) return []
  const code = codeOf(text, true)
  const names = [...code.matchAll(new RegExp(`(?<![.\\w'-])(${DOM_NAMES})\\b(?!\\s*[:?(=,)}])`, 'g'))].map(
    ([, name]) => name,
  )
  return [...new Set(names)]
    .filter((name) => !declares(code, name!))
    .map((name) => `${path}: uses ${name}, which only *.web.ts files may`)
}

/** True where a name is the file's own: a variable, a parameter, a field. */
function declares(code: string, name: string): boolean {
  return new RegExp(`\\b(?:const|let|function|class)\\s+${name}\\b|[({,[]\\s*${name}\\s*[:,)}\\]]`).test(code)
}

/** Circles of imports that are there at run time when the files are loaded; each once, from its first file. */
export function cycles(imports: readonly Import[]): readonly (readonly string[])[] {
  const next = new Map<string, Set<string>>()
  for (const { from, file, typeOnly, dynamic } of imports) {
    if (file === undefined || typeOnly || dynamic) continue
    if (!next.has(from)) next.set(from, new Set())
    next.get(from)!.add(file)
  }
  const found: string[][] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file])
    if (done.has(file)) return
    done.add(file)
    path.push(file)
    for (const other of next.get(file) ?? []) visit(other)
    path.pop()
  }
  for (const file of next.keys()) visit(file)
  return found
}

function sizeBreaches(path: string, text: string, longFiles: Readonly<Record<string, string>>): string[] {
  const lines = text.split('\n').length - 1
  const most = isTest(path) ? MOST_TEST_LINES : MOST_LINES
  if (longFiles[path] !== undefined) return lines > most ? [] : [`${path}: has ${lines} lines and needs no exception`]
  return lines > most ? [`${path}: has ${lines} lines, more than ${most}`] : []
}

/** A package may be called what it likes. */
const PACKAGE_NAMES = /onnxruntime-common/g

function nameBreaches(path: string): string[] {
  const nouns = path.replace(PACKAGE_NAMES, '').split(/[./]/)
  const last = nouns.map((name) => name.split('-').at(-1)!)
  return last.filter((word) => BANNED.includes(word)).map((word) => `${path}: '${word}' says nothing`)
}
