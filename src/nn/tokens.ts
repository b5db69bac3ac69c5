/** @file Feature maps as sequences and back: a token for each pixel, row by row, levels one after the other. */
import { type Dim, multiplyDims, type Tensor } from '../graph/index.js'
import { concat, reshape, slice, transpose } from '../ops/index.js'

/** Height and width of a level's feature map. */
export type LevelSize = readonly [height: number, width: number]

/** A map [batch, channels, height, width] as tokens [batch, height · width, channels]. */
export function tokensOfMap(map: Tensor): Tensor {
  const [batch, channels, height, width] = map.shape as [Dim, Dim, Dim, Dim]
  return transpose(reshape(map, [batch, channels, multiplyDims(height, width)]), [0, 2, 1])
}

/** Tokens [batch, height · width, channels] as the map [batch, channels, height, width]. */
export function mapOfTokens(tokens: Tensor, [height, width]: LevelSize): Tensor {
  const [batch, , channels] = tokens.shape as [Dim, Dim, Dim]
  return reshape(transpose(tokens, [0, 2, 1]), [batch, channels, height, width])
}

/** Levels of maps as one sequence [batch, tokens, channels]. */
export function tokensOf(maps: readonly Tensor[]): Tensor {
  return concat(maps.map(tokensOfMap), 1)
}

/** The levels that a sequence of tokens is made of, as maps. */
export function mapsOf(tokens: Tensor, sizes: readonly LevelSize[]): Tensor[] {
  let first = 0
  return sizes.map(([height, width]) => {
    const own = slice(tokens, 1, first, first + height * width)
    first += height * width
    return mapOfTokens(own, [height, width])
  })
}
