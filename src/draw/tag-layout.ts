/**
 * @file Where the label tags go: next to their boxes, within the picture, and where possible not over each other or
 * over other boxes.
 */
import type { Rect } from './canvas.js'

/** A tag to place: the outer edges of its box's line, and the tag's own size, in pixels. */
export interface TagRequest {
  readonly box: Rect
  readonly width: number
  readonly height: number
  /** Tags of one group say much the same: all but one may be left out in a crowd. */
  readonly group: string
}

/** Cost of a tag that lies wholly over other tags: it cannot be read, so almost any other place is better. */
const OVER_TAG = 40
/** Cost of hiding another box altogether. */
const OVER_BOX = 3
/** Cost of hiding the tag's own box altogether; a large box hardly notices a tag inside. */
const OVER_OWN_BOX = 4
/** Cost of each step down the list of candidate places. */
const ORDER = 0.03
/** A tag that costs more does more harm than good. */
const MOST_COST = 3

/**
 * Chooses a place for every tag. One of each group chooses first, then small boxes before large ones, since only
 * places next to them will do; the cheapest of fourteen candidates wins: above (the usual place), below, inside and
 * beside the box, at either end. In crowds, a tag that would hide other tags or several boxes is left out (null),
 * unless it is the first of its group.
 *
 * Time grows with the square of the number of tags.
 */
export function placeTags(requests: readonly TagRequest[], width: number, height: number): (Rect | null)[] {
  const order = placingOrder(requests)
  const placed: (Rect | null)[] = requests.map(() => null)
  const done: Rect[] = []
  const groups = new Set<string>()
  for (const index of order) {
    const request = requests[index]!
    let best: Rect | null = null
    let lowest = groups.has(request.group) ? MOST_COST : Number.POSITIVE_INFINITY
    for (const [rank, [x, y]] of candidates(request).entries()) {
      const rect = within(x, y, request, width, height)
      const cost = rank * ORDER + harm(rect, index, requests, done)
      if (cost >= lowest) continue
      lowest = cost
      best = rect
    }
    placed[index] = best
    if (best === null) continue
    done.push(best)
    groups.add(request.group)
  }
  return placed
}

/** From the smallest box to the largest, the first of each group before all others. */
function placingOrder(requests: readonly TagRequest[]): number[] {
  const order = requests.map((_, i) => i).sort((a, b) => area(requests[a]!.box) - area(requests[b]!.box) || a - b)
  const groups = new Set<string>()
  const first = new Set<number>()
  for (const index of order) {
    const { group } = requests[index]!
    if (!groups.has(group)) first.add(index)
    groups.add(group)
  }
  return [...first, ...order.filter((index) => !first.has(index))]
}

/** What a tag at `rect` hides: other tags, its own box, other boxes, each by the share that is hidden. */
function harm(rect: Rect, own: number, requests: readonly TagRequest[], done: readonly Rect[]): number {
  let cost = 0
  for (const other of done) cost += (OVER_TAG * common(rect, other)) / area(rect)
  for (let i = 0; i < requests.length; i++) {
    const { box } = requests[i]!
    const hidden = common(rect, box)
    if (hidden > 0) cost += ((i === own ? OVER_OWN_BOX : OVER_BOX) * hidden) / area(box)
  }
  return cost
}

function candidates({ box, width, height }: TagRequest): [x: number, y: number][] {
  const { xmin, ymin, xmax, ymax } = box
  const [left, right, middle] = [xmin, xmax - width, Math.round((xmin + xmax - width) / 2)]
  const [above, below, bottom] = [ymin - height, ymax, ymax - height]
  return [
    [left, above],
    [left, ymin],
    [right, above],
    [left, below],
    [right, ymin],
    [right, below],
    [left, bottom],
    [right, bottom],
    [xmax, ymin],
    [left - width, ymin],
    [middle, above],
    [middle, below],
    [xmax, bottom],
    [left - width, bottom],
  ]
}

/** The tag moved into the picture; one larger than the picture keeps its start (left, top) visible. */
function within(x: number, y: number, tag: TagRequest, width: number, height: number): Rect {
  const xmin = Math.max(0, Math.min(x, width - tag.width))
  const ymin = Math.max(0, Math.min(y, height - tag.height))
  return { xmin, ymin, xmax: xmin + tag.width, ymax: ymin + tag.height }
}

function area(rect: Rect): number {
  return (rect.xmax - rect.xmin) * (rect.ymax - rect.ymin)
}

/** Area of the intersection. */
function common(a: Rect, b: Rect): number {
  const width = Math.min(a.xmax, b.xmax) - Math.max(a.xmin, b.xmin)
  if (width <= 0) return 0
  const height = Math.min(a.ymax, b.ymax) - Math.max(a.ymin, b.ymin)
  return height <= 0 ? 0 : width * height
}
