/** @file The Python of the other side of a comparison. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The Python that can import `modules`, the first of $DETRS_PYTHON, .venv and python3; reference/requirements.txt has them. */
export function findPython(modules = 'torch, transformers'): string | undefined {
  const local = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
  const candidates = [process.env['DETRS_PYTHON'], local, 'python3']
  return candidates.find((python) => {
    try {
      if (python === undefined) return false
      execFileSync(python, ['-c', `import ${modules}`], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}
