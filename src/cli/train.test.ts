import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../test/support/cli.js'

test('options of training that mean nothing are refused before anything is read', async () => {
  for (const [words, message] of [
    [['--epochs', '0'], /--epochs: expected a whole number from 1 to 1000000, got '0'\./],
    [['--epochs', '2.5'], /--epochs: expected a whole number .*, got '2\.5'/],
    [['--batch', '0'], /--batch: expected a whole number from 1 to 1024, got '0'/],
    [['--batch', 'many'], /--batch: expected a whole number .*, got 'many'/],
    [['--lr', '0'], /--lr: expected a number from 1e-9 to 10, got '0'/],
    [['--backbone-lr', '0'], /--backbone-lr: expected a number from 1e-9 to 10, got '0'/],
    [['--lr', 'NaN'], /--lr: expected a number .*, got 'NaN'/],
    [['--lr', 'Infinity'], /--lr: expected a number .*, got 'Infinity'/],
    [['--lr=-1e-4'], /--lr: expected a number .*, got '-1e-4'/],
    [['--size', '0'], /--size: expected .*, got '0'/],
    [['--size', '1e9'], /--size: expected .*, got '1e9'/],
    [['--size', '100x130'], /--size: expected multiples of 32 .*, got 100x130\. Try 96x128\./],
    [['--freeze', ' , '], /--freeze: expected at least one name, got none/],
    [['--seed', '1.5'], /--seed: expected a whole number from 0 to 4294967295, got '1\.5'/],
    [['--threads', '0'], /--threads: expected a whole number from 1 to 1024, got '0'/],
    [['--evaluate-every', '0'], /--evaluate-every: expected a whole number from 1/],
    [['--epoch', '3'], /expected an option of this command, got --epoch\. Did you mean --epochs\?/],
    [['--learning-rate', '1'], /expected an option of this command, got --learning-rate/],
    [['--model', 'detr-smal'], /Did you mean detr-small/],
    [['--model', '__proto__'], /__proto__/],
    [['--resume', 'x'], /expected either --data DIR or --resume RUN, got both/],
    [['photos'], /expected options only, got 'photos'/],
  ] as const) {
    const { code, err } = await run(['train', '--data', 'no-such-folder', ...words])
    assert.equal(code, 2, `${words.join(' ')}: ${err}`)
    assert.match(err, message)
    assert.doesNotMatch(err, /no-such-folder/)
  }
})
