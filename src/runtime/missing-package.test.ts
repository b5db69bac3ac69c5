import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { it } from 'node:test'
import { firstThatWorks } from './create-runtime.node.js'
import { missingPackage } from './missing-package.js'

const NAME = 'no-such-engine'

/** What importing and resolving a package that is not there throw. */
async function absences(): Promise<readonly unknown[]> {
  const specifier: string = NAME
  const imported = await import(`${specifier}/wasm`).catch((error: unknown) => error)
  const plain = await import(specifier).catch((error: unknown) => error)
  try {
    createRequire(import.meta.url).resolve(`${NAME}/package.json`)
  } catch (resolved) {
    return [imported, plain, resolved]
  }
  return assert.fail('the package is there')
}

it('says the same of a package that is not there, however it was looked for, and once', async () => {
  const errors = (await absences()).map((cause) => missingPackage(NAME, cause, 'Install it.'))
  assert.equal(errors.length, 3)
  for (const { message } of errors) {
    assert.equal(message, 'no-such-engine: expected the package no-such-engine, got none. Install it.')
  }
  await assert.rejects(firstThatWorks(errors.map((error) => () => Promise.reject(error))), (error: Error) => {
    const said = `runtime: expected an engine that works on this machine, got none. ${errors[0]!.message}`
    assert.ok(error.message.startsWith(said))
    assert.equal(error.message.split('the package no-such-engine').length, 2)
    return true
  })
})

it('gives the reason when the package is there and does not load', () => {
  const cause = Object.assign(new Error("Cannot find module '../bin/napi-v6/plan9/mips/binding.node'"), {
    code: 'MODULE_NOT_FOUND',
  })
  assert.equal(
    missingPackage(NAME, cause, 'Install it.').message,
    "no-such-engine: expected the package no-such-engine in working order, got Cannot find module '../bin/napi-v6/plan9/mips/binding.node'. Install it.",
  )
})
