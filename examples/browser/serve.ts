/** @file Serves the repository to this machine, so that examples/browser/ can be opened: `npm run demo:browser [-- PORT]` */
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { isolate, pathOf, sendFile } from './static-files.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const port = Number(process.argv[2] ?? 8080)

createServer((request, response) => {
  isolate(response)
  void sendFile(ROOT, pathOf(request), response)
}).listen(port, '127.0.0.1', () => console.log(`http://localhost:${port}/examples/browser/`))
