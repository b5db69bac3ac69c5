/** @file A page by way of a PDF file, as most pages come: other rasteriser, other weight of letters. */
import { PDFiumLibrary } from '@hyzyla/pdfium'
import type { CDPSession } from 'puppeteer-core'
import type { Raster } from './ink.js'

let library: Promise<PDFiumLibrary> | undefined

/**
 * Prints what the browser shows and rasterises it.
 * @param width CSS pixels. @param height CSS pixels. @param scale pixels per CSS pixel.
 */
export async function printed(session: CDPSession, width: number, height: number, scale: number): Promise<Raster> {
  const inches = { paperWidth: width / 96, paperHeight: height / 96 }
  const margins = { marginTop: 0, marginBottom: 0, marginLeft: 0, marginRight: 0 }
  const settings = { ...inches, ...margins, printBackground: true, pageRanges: '1', preferCSSPageSize: false }
  const { data } = await session.send('Page.printToPDF', settings)
  return rasterised(Buffer.from(data, 'base64'), 1, {
    width: Math.round(width * scale),
    height: Math.round(height * scale),
  })
}

/** A page of a PDF file at a size in pixels. @param page counted from 1 */
export async function rasterised(
  pdf: Uint8Array,
  page: number,
  size: { readonly width: number; readonly height: number },
): Promise<Raster> {
  library ??= PDFiumLibrary.init()
  const file = await (await library).loadDocument(pdf)
  try {
    const { width, height, data } = await file.getPage(page - 1).render({ ...size, render: 'bitmap' })
    return { width, height, data: withoutAlpha(data) }
  } finally {
    file.destroy()
  }
}

function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3)
  for (let i = 0, o = 0; i < rgba.length; i += 4) {
    rgb[o++] = rgba[i]!
    rgb[o++] = rgba[i + 1]!
    rgb[o++] = rgba[i + 2]!
  }
  return rgb
}
