/** @file Removing objects of which too little is left. */
import { numberFrom } from './field-checks.js'
import type { TransformKind } from './transform-kind.js'

/** Removes objects whose box is too narrow or too low. */
export interface DropSmall {
  readonly kind: 'drop-small'
  /** Smallest width and height that stays, pixels. */
  readonly side: number
}

/** Removes objects less than a pixel wide or high unless told otherwise. */
export function dropSmall(options: { readonly side?: number } = {}): DropSmall {
  return { kind: 'drop-small', side: options.side ?? 1 }
}

export const dropSmallKind: TransformKind<DropSmall> = {
  fields: { side: numberFrom(0) },
  apply(draft, { side }) {
    const objects = draft.objects.filter(
      ({ box: [xmin, ymin, xmax, ymax] }) => xmax - xmin >= side && ymax - ymin >= side,
    )
    return { ...draft, objects }
  },
}
