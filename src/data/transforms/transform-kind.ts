/** @file What a kind of transform consists of. */
import type { Draft } from './draft.js'
import type { Draws } from './draws.js'
import type { FieldCheck } from './field-checks.js'
import type { Transform } from './transform.js'

/** What a transform has at hand beside the photo. */
export interface TransformContext {
  /** Decisions of this photo alone. */
  readonly draws: Draws
  /** Decisions that all photos of the batch share. */
  readonly batchDraws: Draws
  /** Applies a list of transforms inside this one; `name` tells it from others there. */
  readonly run: (draft: Draft, transforms: readonly Transform[], name: string) => Draft
}

/** A kind of transform: what its record may hold, and what it does. */
export interface TransformKind<Record extends { readonly kind: string }> {
  /** A check of every field but `kind`. */
  readonly fields: { readonly [Field in Exclude<keyof Record, 'kind'>]-?: FieldCheck }
  readonly apply: (draft: Draft, record: Record, context: TransformContext) => Draft
}
