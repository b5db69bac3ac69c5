/** @file `detrs doctor`: what works on this machine, and how to get the rest. */
import { readFile } from 'node:fs/promises'
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from 'node:os'
import { cacheFolder } from '../checkpoint/index.node.js'
import { createPdfium } from '../data/index.node.js'
import { findWeights } from '../detect/index.node.js'
import { models } from '../models/index.js'
import { createNodeRuntime } from '../runtime/index.node.js'
import { flag, operands } from './arguments.js'
import { cacheEnvironment } from './cache-environment.js'
import type { Command, Terminal } from './command.js'
import { formatTable } from './table.js'

interface Finding {
  readonly what: string
  /** True: works; false: does not; undefined: a fact. */
  readonly works?: boolean
  readonly found: string
  /** How to get it, where it does not work. */
  readonly remedy?: string
}

export const command: Command = {
  usage: '[--json]',
  description: 'Checks engine, providers, image decoding, PDF pages, threads, processor features, cache and weights.',
  options: { json: { type: 'boolean' } },
  optionHelp: { json: 'one JSON array instead of a table' },
  run: async (input, terminal) => {
    operands(input, 'doctor', [])
    const findings = [
      ...machine(),
      ...(await processor()),
      ...(await engine()),
      await images(),
      await pdf(),
      ...(await weights(terminal)),
    ]
    if (flag(input, 'json')) terminal.out(`${JSON.stringify(findings, null, 2)}\n`)
    else {
      const mark = ({ works }: Finding): string => (works === undefined ? ' ' : works ? '✓' : '✗')
      terminal.out(formatTable(findings.map((finding) => [mark(finding), finding.what, finding.found])))
      const remedies = findings.filter(({ works, remedy }) => works === false && remedy !== undefined)
      for (const { what, remedy } of remedies) terminal.out(`\n${what}: ${remedy}\n`)
    }
    return findings.some(({ what, works }) => works === false && ESSENTIAL.has(what)) ? 1 : 0
  },
}

/** Without these nothing can be detected. */
const ESSENTIAL: ReadonlySet<string> = new Set(['engine', 'images'])

function machine(): Finding[] {
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  return [
    { what: 'system', found: `${platform()} ${arch()}, Node ${process.versions.node}` },
    { what: 'processor', found: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads` },
    { what: 'memory', found: `${gigabytes(freemem())} free of ${gigabytes(totalmem())}` },
  ]
}

/** Vector instructions that decide the speed, where the system tells them. */
async function processor(): Promise<Finding[]> {
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => undefined)
  const flags = new Set(
    /^(?:flags|Features)\s*:(.*)$/m
      .exec(info ?? '')?.[1]
      ?.trim()
      .split(' '),
  )
  if (flags.size === 0) return []
  const known = ['avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx_vnni', 'amx_tile', 'asimd', 'asimddp', 'i8mm', 'sve']
  return [{ what: 'vector features', found: known.filter((name) => flags.has(name)).join(' ') || 'none of interest' }]
}

async function engine(): Promise<Finding[]> {
  try {
    const { runtime, fallbackReason } = await createNodeRuntime()
    const found = `${ENGINE_TITLES[runtime.name]}, ONNX Runtime ${runtime.version}, ${runtime.threads} threads`
    const rest = ['cuda', 'coreml', 'dml', 'webgpu'].filter((provider) => !runtime.providers.includes(provider))
    return [
      { what: 'engine', works: true, found },
      ...(fallbackReason === undefined
        ? []
        : [{ what: 'native engine', works: false, found: 'not used', remedy: fallbackReason }]),
      { what: 'providers', found: runtime.providers.join(', ') },
      ...(rest.includes('cuda') && platform() === 'linux' && arch() === 'x64' ? [CUDA_MISSING] : []),
    ]
  } catch (error) {
    const remedy =
      'Install the optional packages with ONNXRUNTIME_NODE_INSTALL=skip in the environment: npm install onnxruntime-node koffi'
    return [{ what: 'engine', works: false, found: (error as Error).message, remedy }]
  }
}

const ENGINE_TITLES = {
  ffi: 'native library through its C API',
  node: 'onnxruntime-node (runs block the event loop)',
  web: 'onnxruntime-web (WebAssembly, slower)',
} as const

const CUDA_MISSING: Finding = {
  what: 'cuda',
  works: false,
  found: 'not installed',
  remedy:
    "onnxruntime-node's install script downloads the CUDA libraries where install scripts are allowed: " +
    'npm rebuild onnxruntime-node --ignore-scripts=false (ONNXRUNTIME_NODE_INSTALL=skip leaves them out). ' +
    'An NVIDIA GPU with CUDA and cuDNN is needed.',
}

async function images(): Promise<Finding> {
  try {
    const { default: sharp } = await import('sharp')
    return { what: 'images', works: true, found: `sharp, libvips ${sharp.versions.vips}` }
  } catch (error) {
    const found = (error as Error).message.split('\n')[0]!
    return { what: 'images', works: false, found, remedy: 'Install the optional package: npm install sharp' }
  }
}

async function pdf(): Promise<Finding> {
  try {
    await createPdfium()
    return { what: 'pdf', works: true, found: 'pages are rendered by PDFium (WebAssembly)' }
  } catch (error) {
    const found = (error as Error).message.split('\n')[0]!
    return { what: 'pdf', works: false, found, remedy: 'Install the optional package: npm install @hyzyla/pdfium' }
  }
}

async function weights(terminal: Terminal): Promise<Finding[]> {
  const cache = cacheEnvironment(terminal.env)
  const folder = cacheFolder(cache)
  const present: string[] = []
  for (const model of models) if (await findWeights(model, cache)) present.push(model.name)
  return [
    { what: 'cache', found: folder },
    { what: 'weights', found: `${present.length > 0 ? present.join(', ') : 'none'}; get more with: detrs pull NAME` },
  ]
}
