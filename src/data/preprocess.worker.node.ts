/** @file The worker's side of `createPreprocessor`: decodes and resizes what it is sent. */
import { parentPort } from 'node:worker_threads'
import { type PreparedImage, prepareImage } from './prepare.node.js'
import type { PreprocessRequest } from './preprocess.node.js'
import { loadSharp } from './sharp.node.js'
import { faultOfError, type PoolAnswer, type PoolRequest } from './worker-pool.node.js'

if (parentPort !== null) {
  const port = parentPort
  port.on('message', ({ id, request }: PoolRequest<PreprocessRequest>) => {
    const { source, sizing, where, maxPixels } = request
    prepareImage(source, sizing, maxPixels === undefined ? { where } : { where, maxPixels }).then(
      (result) => {
        const answer: PoolAnswer<PreparedImage> = { id, result }
        port.postMessage(answer, [result.resized.data.buffer as ArrayBuffer])
      },
      (error: unknown) => {
        const answer: PoolAnswer<PreparedImage> = { id, fault: faultOfError(error) }
        port.postMessage(answer)
      },
    )
  })
  // Loaded while the process still does other things. Where it is missing, the first image says so.
  try {
    loadSharp()
  } catch {}
}
