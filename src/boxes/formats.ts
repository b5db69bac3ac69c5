/**
 * @file The three ways to write a box as four numbers, and conversions between them: one table of rules, applied to
 * numbers on the host and to tensors in the graph. Host arrays carry their format in their type, so that mixing two
 * formats does not compile.
 */
import { formatTensor, type Tensor } from '../graph/index.js'
import { add, concat, mul, type Operand, split, sub } from '../ops/index.js'
import { isFloat, ShapeError } from '../tensor/index.js'

/**
 * `cxcywh`: centre and size. `xyxy`: lowest and highest corner. `xywh`: lowest corner and size. x before y and width
 * before height; any unit, fractions of the image or pixels.
 */
export type BoxFormat = 'cxcywh' | 'xyxy' | 'xywh'

/** Arrays that hold boxes on the host. */
export type BoxArray = Float32Array | Float64Array

declare const FORMAT: unique symbol

/** Host boxes, row-major [n, 4], whose format is part of their type. At run time a plain typed array. */
export type Boxes<F extends BoxFormat, A extends BoxArray = BoxArray> = A & { readonly [FORMAT]: F }

/** What the rules need of a number or a tensor. */
interface Arithmetic<T> {
  readonly plus: (a: T, b: T) => T
  readonly minus: (a: T, b: T) => T
  readonly half: (a: T) => T
}

/** From the first and the second half of a box (two numbers each, or one axis of them) to those of another format. */
type Rule = <T>(first: T, second: T, arithmetic: Arithmetic<T>) => readonly [first: T, second: T]

const same: Rule = (first, second) => [first, second]

const RULES: { readonly [From in BoxFormat]: { readonly [To in BoxFormat]: Rule } } = {
  cxcywh: {
    cxcywh: same,
    xyxy: (centre, size, { plus, minus, half }) => {
      const reach = half(size)
      return [minus(centre, reach), plus(centre, reach)]
    },
    xywh: (centre, size, { minus, half }) => [minus(centre, half(size)), size],
  },
  xyxy: {
    cxcywh: (low, high, { plus, minus, half }) => [half(plus(low, high)), minus(high, low)],
    xyxy: same,
    xywh: (low, high, { minus }) => [low, minus(high, low)],
  },
  xywh: {
    cxcywh: (low, size, { plus, half }) => [plus(low, half(size)), size],
    xyxy: (low, size, { plus }) => [low, plus(low, size)],
    xywh: same,
  },
}

const onNumbers: Arithmetic<number> = { plus: (a, b) => a + b, minus: (a, b) => a - b, half: (a) => a / 2 }

const onTensors: Arithmetic<Operand> = { plus: add, minus: sub, half: (a) => mul(a, 0.5) }

/**
 * `array` as boxes of the format; nothing is copied or changed.
 * @throws ShapeError when the length is no multiple of 4.
 */
export function boxesOf<F extends BoxFormat, A extends BoxArray>(format: F, array: A): Boxes<F, A> {
  if (array.length % 4 !== 0) {
    throw new ShapeError({
      where: `boxesOf ${format}`,
      expected: 'four numbers for each box',
      got: `${array.length} numbers`,
    })
  }
  return array as Boxes<F, A>
}

/** New boxes in the format `to`, of the same precision; values are rounded once for each half that changes. */
export function convertBoxes<From extends BoxFormat, To extends BoxFormat, A extends BoxArray>(
  boxes: Boxes<From, A>,
  from: NoInfer<From>,
  to: To,
): Boxes<To, A> {
  const rule = RULES[from][to]
  const converted = boxes.slice()
  for (let at = 0; at < converted.length; at += 4) {
    for (let axis = at; axis < at + 2; axis++) {
      const [first, second] = rule(boxes[axis]!, boxes[axis + 2]!, onNumbers)
      converted[axis] = first
      converted[axis + 2] = second
    }
  }
  return converted as Boxes<To, A>
}

/**
 * The same conversion in the graph.
 * @param boxes floating point [..., 4]
 * @throws ShapeError when the last dimension is not 4.
 */
export function convertBoxTensor(boxes: Tensor, from: BoxFormat, to: BoxFormat): Tensor {
  const [first, second] = splitBoxes(boxes)
  if (from === to) return boxes
  return concat(RULES[from][to]<Operand>(first, second, onTensors) as readonly Tensor[], -1)
}

/** The halves of boxes, [..., 2] each. @throws ShapeError unless the tensor is floating point [..., 4]. */
export function splitBoxes(boxes: Tensor): readonly [first: Tensor, second: Tensor] {
  if (boxes.shape.at(-1) !== 4 || !isFloat(boxes.dtype)) {
    throw new ShapeError({
      where: boxes.graph.scope || boxes.graph.name,
      expected: 'boxes, floating point [..., 4]',
      got: formatTensor(boxes),
    })
  }
  const [first, second] = split(boxes, [2, 2], -1)
  return [first!, second!]
}
