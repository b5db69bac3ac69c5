/** @file A page of the browser test whose engine's files are not where it says. */
import { loadDetector } from '../../src/index.web.js'

document.body.textContent = await loadDetector('/weights/rtdetr-page.safetensors', { wasmPaths: '/nowhere/' }).then(
  () => 'no error',
  ({ message }: Error) => message,
)
