/** @file The worker's side of `createPreprocessor`: decodes, renders and resizes what it is sent. */
import { isMainThread } from 'node:worker_threads'
import { withPdf } from './open-pdf.node.js'
import { prepareImage, readPixels } from './prepare.node.js'
import type { PreprocessAnswer, PreprocessRequest } from './preprocess.node.js'
import { loadSharp } from './sharp.node.js'
import { answerRequests } from './worker-pool.node.js'

answerRequests<PreprocessRequest, PreprocessAnswer>(answer, (result) => {
  if (typeof result === 'number') return []
  return [('resized' in result ? result.resized : result).data.buffer as ArrayBuffer]
})

async function answer(request: PreprocessRequest): Promise<PreprocessAnswer> {
  switch (request.task) {
    case 'prepare':
      return prepareImage(request.image.source, request.rule, request.image)
    case 'decode': {
      const { image } = await readPixels(request.image.source, request.image)
      // The decoder's own memory cannot be handed to another thread.
      return { ...image, data: image.data.slice() }
    }
    case 'count':
      return withPdf(request.pdf, request.where, ({ pageCount }) => pageCount)
  }
}

// Loaded while the process still does other things. Where it is missing, the first image says so.
if (!isMainThread) {
  try {
    loadSharp()
  } catch {}
}
