/** @file The worker's side of `createLoader`: decodes and augments what it is sent. */
import { parentPort } from 'node:worker_threads'
import { loadPhoto, type PhotoOutcome, type PhotoRequest } from './loader-photo.node.js'
import { loadSharp } from './sharp.node.js'
import { faultOfError, type PoolAnswer, type PoolRequest } from './worker-pool.node.js'

if (parentPort !== null) {
  const port = parentPort
  port.on('message', ({ id, request }: PoolRequest<PhotoRequest>) => {
    loadPhoto(request).then(
      (result) => {
        const answer: PoolAnswer<PhotoOutcome> = { id, result }
        port.postMessage(answer, result.photo === undefined ? [] : [result.photo.image.data.buffer as ArrayBuffer])
      },
      (error: unknown) => {
        const answer: PoolAnswer<PhotoOutcome> = { id, fault: faultOfError(error) }
        port.postMessage(answer)
      },
    )
  })
  // Loaded while the process still does other things. Where it is missing, the first photo says so.
  try {
    loadSharp()
  } catch {}
}
