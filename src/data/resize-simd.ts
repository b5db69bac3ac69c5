/**
 * @file A resize by the WebAssembly module of resize-module.ts, in bands of rows, so that it needs little memory whatever
 * the image.
 */
import { MARGIN, MEMORY_BYTES, type ResizeModule, recordBytes, recordsOf, resizeModule } from './resize-module.js'
import type { ResizePlan } from './resize-plan.js'

/** Made once for each thread, when it is first wanted; null where it cannot be. */
let module: ResizeModule | null | undefined

/**
 * The pixels of the result, value for value those of `resizePlain`.
 * @returns undefined where WebAssembly or its vectors are missing or forbidden, and for a plan out of the ordinary: one
 *   that is vertical first, or whose rows are too long, or too many to a row of the result, for the module's memory.
 */
export function resizeSimd(plan: ResizePlan): Uint8Array | undefined {
  const { data, width, horizontal, vertical, output } = plan
  const quads = Math.ceil(output.width / 4)
  const across = horizontal === undefined ? 0 : recordBytes(horizontal) * quads * 4
  const down = vertical === undefined ? 0 : recordBytes(vertical) * output.height
  const source = across + down
  const bands = plan.verticalFirst ? undefined : bandsOf(plan, MEMORY_BYTES - source)
  if (bands === undefined) return undefined
  if (module === undefined) module = instantiate()
  if (module === null) return undefined

  const memory = new Uint8Array(module.memory.buffer)
  const words = new Int32Array(module.memory.buffer)
  const rowBytes = width * 3
  const outputBytes = output.width * 3
  if (horizontal !== undefined) words.set(recordsOf(horizontal, 3, quads * 4))
  if (vertical !== undefined) words.set(recordsOf(vertical, outputBytes, output.height), across / 4)
  const result = new Uint8Array(output.height * outputBytes)
  for (const { from, until, firstRow, rowCount } of bands) {
    let at = source
    memory.set(data.subarray(firstRow * rowBytes, (firstRow + rowCount) * rowBytes), at)
    if (horizontal !== undefined) {
      const wide = at + rowCount * rowBytes
      module.rows(at, rowBytes, rowCount, 0, recordBytes(horizontal), quads, wide, outputBytes)
      at = wide
    }
    if (vertical !== undefined) {
      const stride = recordBytes(vertical)
      const final = at + rowCount * outputBytes
      // Records count from the plan's first row, which may lie before the memory.
      module.columns(at - firstRow * outputBytes, outputBytes, across + from * stride, stride, until - from, final)
      at = final
    }
    result.set(memory.subarray(at, at + (until - from) * outputBytes), from * outputBytes)
  }
  return result
}

/** Rows of the result that are computed together, and the input rows that they are made of. */
interface Band {
  readonly from: number
  readonly until: number
  readonly firstRow: number
  readonly rowCount: number
}

/** Bands that fit into `room` bytes; undefined when a single row of the result does not. */
function bandsOf({ width, horizontal, vertical, output }: ResizePlan, room: number): Band[] | undefined {
  const bandOf = (from: number, until: number): Band => {
    if (vertical === undefined) return { from, until, firstRow: from, rowCount: until - from }
    const firstRow = vertical.start[from]!
    return { from, until, firstRow, rowCount: vertical.start[until - 1]! + vertical.count[until - 1]! - firstRow }
  }
  const between = horizontal === undefined || vertical === undefined ? 0 : output.width
  const fits = ({ from, until, rowCount }: Band): boolean =>
    3 * (rowCount * (width + between) + (until - from) * output.width) + MARGIN <= room
  const bands: Band[] = []
  for (let from = 0; from < output.height; from = bands.at(-1)!.until) {
    let band = bandOf(from, from + 1)
    if (!fits(band)) return undefined
    while (band.until < output.height) {
      const longer = bandOf(from, band.until + 1)
      if (!fits(longer)) break
      band = longer
    }
    bands.push(band)
  }
  return bands
}

/** Whatever the reason that there is no module (no vectors, no address space, a page's policy), images are resized. */
function instantiate(): ResizeModule | null {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(resizeModule())).exports as unknown as ResizeModule
  } catch {
    return null
  }
}
