/** @file Where a geometric transform puts a point, and with it boxes and outlines. */
import type { PixelBox } from '../formats/dataset.js'
import type { SampleObject } from './sample.js'

/** x' = scaleX · x + shiftX and y' = scaleY · y + shiftY, after x and y were swapped where `transposed`. */
export interface Placement {
  readonly transposed: boolean
  readonly scaleX: number
  readonly shiftX: number
  readonly scaleY: number
  readonly shiftY: number
}

/** A placement that leaves everything where it is, but for what is given. */
export function placement(parts: Partial<Placement>): Placement {
  return { transposed: false, scaleX: 1, shiftX: 0, scaleY: 1, shiftY: 0, ...parts }
}

/** The object in its new place: box, outlines and area. A bitmap is left as it is. */
export function placeObject(object: SampleObject, place: Placement): SampleObject {
  const { area, mask } = object
  return {
    ...object,
    box: placeBox(object.box, place),
    ...(area === undefined ? {} : { area: area * Math.abs(place.scaleX * place.scaleY) }),
    ...(mask !== undefined && 'polygons' in mask
      ? { mask: { polygons: mask.polygons.map((polygon) => placePolygon(polygon, place)) } }
      : {}),
  }
}

function placeBox([xmin, ymin, xmax, ymax]: PixelBox, place: Placement): PixelBox {
  const [x0, y0] = placePoint(xmin, ymin, place)
  const [x1, y1] = placePoint(xmax, ymax, place)
  return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)]
}

function placePolygon(polygon: readonly number[], place: Placement): number[] {
  const out: number[] = []
  for (let i = 0; i + 1 < polygon.length; i += 2) out.push(...placePoint(polygon[i]!, polygon[i + 1]!, place))
  return out
}

function placePoint(x: number, y: number, { transposed, scaleX, shiftX, scaleY, shiftY }: Placement): [number, number] {
  const [across, down] = transposed ? [y, x] : [x, y]
  return [scaleX * across + shiftX, scaleY * down + shiftY]
}
