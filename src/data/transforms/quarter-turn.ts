/** @file Turning by quarters, for photos without an up and a down. */
import { type Draft, moveDraft } from './draft.js'
import { listOf, wholeFrom } from './field-checks.js'
import { turnClockwise } from './pixel-grid.js'
import { placement } from './placement.js'
import type { TransformKind } from './transform-kind.js'

/** Turns clockwise by one of several numbers of quarters, each as likely. */
export interface QuarterTurn {
  readonly kind: 'quarter-turn'
  /** Quarter turns to choose from, 0 to 3. */
  readonly quarters: readonly number[]
}

/** Turns by 0, 90, 180 or 270 degrees unless told otherwise. */
export function quarterTurn(options: { readonly quarters?: readonly number[] } = {}): QuarterTurn {
  return { kind: 'quarter-turn', quarters: options.quarters ?? [0, 1, 2, 3] }
}

export const quarterTurnKind: TransformKind<QuarterTurn> = {
  fields: { quarters: listOf(wholeFrom(0, 3)) },
  apply(draft, { quarters }, { draws }) {
    const count = quarters[draws.integer(0, quarters.length - 1)]!
    let turned = draft
    for (let i = 0; i < count; i++) turned = turnDraft(turned)
    return turned
  },
}

function turnDraft(draft: Draft): Draft {
  const { width, height } = draft.window
  const place = placement({ transposed: true, scaleX: -1, shiftX: height })
  return moveDraft(draft, { width: height, height: width }, place, turnClockwise)
}
