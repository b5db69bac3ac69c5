/** @file Pages as pixels, by a headless Chromium. */
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import puppeteer, { type Browser, type CDPSession, type Page } from 'puppeteer-core'
import sharp from 'sharp'
import type { Raster } from './ink.js'
import { type Measured, measurePage } from './measure.js'
import { printed } from './print.js'
import type { PageMarkup } from './templates/index.js'

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'chrome.exe',
  'msedge.exe',
]

/** The path of an installed Chromium. @throws Error when there is none on PATH. */
export async function findChromium(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name)
      if (
        await access(path).then(
          () => true,
          () => false,
        )
      )
        return path
    }
  }
  throw new Error(`No Chromium on PATH (${NAMES.join(', ')}). Name one with --chromium.`)
}

export function launch(executablePath: string): Promise<Browser> {
  return puppeteer.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--font-render-hinting=none',
      '--force-color-profile=srgb',
      '--disable-lcd-text',
      '--hide-scrollbars',
    ],
  })
}

export interface Rendered extends Measured {
  readonly raster: Raster
}

/** One browser page that draws one sheet after the other. */
export class Renderer {
  private readonly page: Page
  private readonly session: CDPSession

  private constructor(page: Page, session: CDPSession) {
    this.page = page
    this.session = session
  }

  static async open(browser: Browser, address: string): Promise<Renderer> {
    const page = await browser.newPage()
    await page.goto(address)
    return new Renderer(page, await page.createCDPSession())
  }

  close(): Promise<void> {
    return this.page.close()
  }

  /** @param scale pixels per CSS pixel. @param paper through a PDF file instead of from the screen. */
  async render(markup: PageMarkup, scale: number, paper = false): Promise<Rendered> {
    const { width, height, css, language } = markup
    await this.session.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: Math.ceil(height),
      // Printing lays out in whole CSS pixels, as a screen of this scale does.
      deviceScaleFactor: paper ? 1 : scale,
      mobile: false,
    })
    const html = await withPhotos(markup)
    await this.page.evaluate(setSheet, {
      html,
      css,
      width,
      height,
      lang: language.code.slice(0, 2),
      dir: language.direction,
    })
    const measured = await this.page.evaluate(measurePage)
    if (paper) return { ...measured, raster: await printed(this.session, width, height, scale) }
    const { data } = await this.session.send('Page.captureScreenshot', { format: 'png', optimizeForSpeed: true })
    const { data: pixels, info } = await sharp(Buffer.from(data, 'base64'))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { ...measured, raster: { width: info.width, height: info.height, data: pixels } }
  }
}

async function withPhotos({ html, photos }: PageMarkup): Promise<string> {
  const addresses = await Promise.all(
    photos.map(async ({ width, height, data }) => {
      const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 85 })
        .toBuffer()
      return `data:image/jpeg;base64,${jpeg.toString('base64')}`
    }),
  )
  return html.replaceAll(/"photo:(\d+)"/g, (_, i: string) => `"${addresses[Number(i)]}"`)
}

interface SheetInput {
  readonly html: string
  readonly css: string
  readonly width: number
  readonly height: number
  readonly lang: string
  readonly dir: string
}

/** Runs inside the page. Resolves when typefaces and photos are there. */
async function setSheet({ html, css, width, height, lang, dir }: SheetInput): Promise<void> {
  document.documentElement.lang = lang
  document.documentElement.dir = dir
  document.getElementById('look')!.textContent = css
  document.body.innerHTML = `<div class="sheet" style="width:${width}px;height:${height}px">${html}</div>`
  // Not `decode()`: in tabs behind others it may wait for a frame that never comes. The screenshot decodes.
  await Promise.all(
    [...document.images].map((image) => {
      image.decoding = 'sync'
      if (image.complete) return undefined
      return new Promise((resolve) => {
        image.onload = resolve
        image.onerror = resolve
      })
    }),
  )
  // Layout asks for typefaces, and those that arrive may let it ask for more.
  for (let round = 0; round < 8; round++) {
    document.body.getBoundingClientRect()
    await document.fonts.ready
    if (document.fonts.status === 'loaded') break
  }
}
