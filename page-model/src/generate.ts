/** @file The command: labelled pages into a folder that `detrs train --data` reads. */
import { parseArgs } from 'node:util'
import { ProtocolError } from 'puppeteer-core'
import { SPLITS, type Split } from './classes.js'
import { PageFolder } from './dataset.js'
import { labelledPage, type PageOptions } from './page.js'
import { findChromium, launch, Renderer } from './render.js'
import { serveFonts } from './serve.js'
import { describe } from './statistics.js'

/** Tabs that may be lost by one worker before the run gives up. */
const MOST_FAILURES = 20

const USAGE = `node dist/src/generate.js --pages N --split train|val --out DIR [--seed S] [--tabs T] [--template NAME]
       [--clean] [--chromium FILE]

Makes pages 0 to N-1 of a split. Those that DIR has already are kept, so that a stopped run goes on where it was.

  --pages     how many pages the split has in the end
  --split     train or val: they share no template, typeface or word
  --out       the folder of the data set; both splits go into one
  --seed      another number gives other pages; 1 unless said
  --tabs      pages in work at once; 3 unless said
  --template  pages of this template only
  --clean     no marks of scanners
  --chromium  the browser; looked for on PATH unless said`

function count(text: string, name: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 1e6)
    throw new Error(`--${name}: expected a number from 1 to 1000000, got '${text}'.`)
  return value
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      pages: { type: 'string' },
      split: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      tabs: { type: 'string', default: '3' },
      template: { type: 'string' },
      clean: { type: 'boolean', default: false },
      chromium: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help || values.pages === undefined || values.out === undefined || values.split === undefined) {
    console.log(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const split = SPLITS.find((one) => one === values.split)
  if (split === undefined) throw new Error(`--split: expected train or val, got '${values.split}'.`)
  const [pages, seed, tabs] = [count(values.pages, 'pages'), count(values.seed, 'seed'), count(values.tabs, 'tabs')]
  const options: PageOptions = {
    clean: values.clean,
    ...(values.template === undefined ? {} : { template: values.template }),
  }
  const folder = await PageFolder.open(values.out, split, seed)
  const done = await folder.done()
  const missing = Array.from({ length: pages }, (_, i) => i).filter((i) => !done.has(i))
  const chromium = values.chromium ?? (await findChromium())
  await drawAll(folder, missing, { split, seed, tabs, chromium, options })
  const records = await folder.records()
  await folder.writeCoco(records)
  console.log(describe(records))
}

interface Work {
  readonly split: Split
  readonly seed: number
  readonly tabs: number
  readonly chromium: string
  readonly options: PageOptions
}

async function drawAll(
  folder: PageFolder,
  missing: number[],
  { split, seed, tabs, chromium, options }: Work,
): Promise<void> {
  if (missing.length === 0) return
  const server = await serveFonts()
  const browser = await launch(chromium)
  const started = performance.now()
  let finished = 0
  try {
    const queue = [...missing].reverse()
    const work = async (): Promise<void> => {
      let renderer = await Renderer.open(browser, server.address)
      let failures = 0
      for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
        try {
          await folder.add(index, await labelledPage(renderer, split, `${split}/${seed}/${index}`, options))
        } catch (fault) {
          // A tab may die, or the machine may have slept: the page is drawn again in a new one.
          if (!(fault instanceof ProtocolError) || ++failures > MOST_FAILURES) throw fault
          await renderer.close().catch(() => undefined)
          renderer = await Renderer.open(browser, server.address)
          queue.push(index)
          continue
        }
        finished++
        if (finished % 50 === 0 || finished === missing.length) {
          const rate = (1000 * finished) / (performance.now() - started)
          console.log(`${finished} of ${missing.length} pages, ${rate.toFixed(1)} per second`)
        }
      }
      await renderer.close()
    }
    await Promise.all(Array.from({ length: Math.min(tabs, missing.length) }, work))
  } finally {
    await browser.close()
    server.close()
  }
}

main().catch((fault: unknown) => {
  console.error(fault instanceof Error ? fault.message : fault)
  process.exitCode = 1
})
