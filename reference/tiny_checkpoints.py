"""Tiny weight files written by PyTorch and safetensors, with their exact contents, for src/checkpoint's tests.

Writes test/golden/checkpoints/*.{pt,safetensors} and expected.json: for each file the format, where the state dict
lies, and every tensor as [dtype, shape, row-major little-endian bytes in hex]; or the text a refusal must contain.

    python reference/tiny_checkpoints.py
"""
import argparse
import collections
import io
import json
import pathlib
import zipfile

import numpy
import safetensors.torch
import torch

OUT = pathlib.Path(__file__).parent.parent / 'test' / 'golden' / 'checkpoints'
EXPECTED = {}


def values(count, dtype):
    """Numbers with both signs, exact in every type."""
    numbers = torch.arange(count, dtype=torch.float64) * 3 - count
    return (numbers / 4 if dtype.is_floating_point else numbers).to(dtype)


def weights():
    """Every element type, and every way in which a tensor can view a storage."""
    base = values(24, torch.float32)
    tensors = {
        'float32': values(6, torch.float32).reshape(2, 3),
        'float64': values(5, torch.float64),
        'float16': values(7, torch.float16),
        'bfloat16': values(3, torch.bfloat16),
        'int8': values(5, torch.int8),
        'uint8': torch.tensor([0, 1, 128, 255], dtype=torch.uint8),
        'int16': values(3, torch.int16),
        'uint16': torch.tensor([0, 65535, 7], dtype=torch.uint16),
        'int32': values(3, torch.int32),
        'uint32': torch.tensor([0, 2**32 - 1], dtype=torch.uint32),
        'int64': torch.tensor([-(2**62), 2**53 + 1, 0]),
        'uint64': torch.tensor([2**63 - 1, 5], dtype=torch.uint64),
        'bool': torch.tensor([[True, False], [False, True]]),
        'scalar': torch.tensor(0.5),
        'empty': torch.zeros(0, 4),
        'special': torch.tensor([float('nan'), float('inf'), -float('inf'), -0.0, 1e-40]),
        'shared.whole': base.view(2, 3, 4),
        'shared.tail': base[20:],
        'shared.column': base.view(6, 4)[:, 1],
        'shared.transposed': base.view(2, 3, 4).permute(2, 0, 1),
        'shared.step': base[3::5],
        'expanded': torch.tensor([[1.0], [2.0]]).expand(2, 3),
        'half.transposed': values(6, torch.float16).reshape(2, 3).t(),
        'long.transposed': values(6, torch.int64).reshape(2, 3).t(),
        'bool.transposed': torch.tensor([[True, False, False], [False, True, True]]).t(),
        'parameter': torch.nn.Parameter(values(4, torch.float32).reshape(2, 2)),
        'ünïcode.💡': torch.tensor([7.0]),
    }
    tensors['tied'] = tensors['float32']
    return collections.OrderedDict(tensors)


def training_state():
    """What training programs put beside the weights."""
    args = argparse.Namespace(lr=1e-4, backbone='resnet50', masks=False, dims=[1, 2], nothing=None, device=torch.device('cpu'))
    args.output_dir = pathlib.PurePosixPath('out/run')
    return {
        'model': weights(),
        'optimizer': {'state': {0: {'step': torch.tensor(3.0), 'exp_avg': values(6, torch.float32)}}, 'param_groups': [{'lr': 0.1, 'betas': (0.9, 0.999), 'params': [0]}]},
        'lr_scheduler': {'milestones': collections.Counter({40: 1}), 'defaults': collections.defaultdict(list, {'a': [1]})},
        'epoch': 12,
        'best': numpy.float64(0.625),
        'count': numpy.int64(2**40),
        'args': args,
        'big': 2**80,
        'raw': b'\x00\xff',
        'array': bytearray(b'ab'),
        'set': {1},
        'complex': 1 + 2j,
        'size': torch.Size([1, 2]),
        'dtype': torch.bfloat16,
        'numpy': numpy.arange(3),
        'loop': None,
    }


def entry(tensor):
    contiguous = tensor.detach().contiguous()
    raw = contiguous.reshape(-1).view(torch.uint8).numpy().tobytes() if contiguous.numel() else b''
    return [str(tensor.dtype).removeprefix('torch.'), list(tensor.shape), raw.hex()]


def expect(name, file_format, tensors, nesting='', prefix='', **more):
    EXPECTED[name] = {'format': file_format, 'nesting': nesting, 'prefix': prefix, **more, 'tensors': {key: entry(value) for key, value in tensors.items()}}


def refuse(name, text):
    EXPECTED[name] = {'refusal': text}


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def rezipped(data, compression=zipfile.ZIP_STORED, replace=None, zip64=False):
    """The same archive as Python's zipfile writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, 'w', compression) as target:
        for name in source.namelist():
            content = source.read(name)
            content = replace(name, content) if replace else content
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            with target.open(info, 'w', force_zip64=zip64) as stream:
                stream.write(content)
    return buffer.getvalue()


def write(name, data):
    (OUT / name).write_bytes(data)


def pytorch_files():
    state = training_state()
    meta = {'metadata': {'epoch': '12', 'best': '0.625', 'count': str(2**40), 'args.lr': '0.0001', 'args.backbone': 'resnet50', 'args.masks': 'false', 'args.dims': '[1,2]', 'args.output_dir': 'out/run', 'big': str(2**80), 'complex.real': '1', 'complex.imag': '2', 'size': '[1,2]'}}
    write('training.pt', saved(state))
    expect('training.pt', 'pytorch-zip', state['model'], 'model', **meta)
    write('training-legacy.pt', saved(state, _use_new_zipfile_serialization=False))
    expect('training-legacy.pt', 'pytorch-legacy', state['model'], 'model', **meta)

    small = {'a.weight': values(6, torch.float32).reshape(2, 3), 'a.bias': values(2, torch.float16)}
    for protocol in (3, 4, 5):
        write(f'protocol{protocol}.pt', saved(small, pickle_protocol=protocol))
        expect(f'protocol{protocol}.pt', 'pytorch-zip', small)
    write('legacy-protocol4.pt', saved(small, pickle_protocol=4, _use_new_zipfile_serialization=False))
    expect('legacy-protocol4.pt', 'pytorch-legacy', small)

    ema = {key: value + 1 for key, value in small.items()}
    wrapped = {'ema': {'module': {f'module.{key}': value for key, value in ema.items()}, 'updates': 5}, 'model': small, 'last_epoch': 3}
    write('ema.pt', saved(wrapped))
    expect('ema.pt', 'pytorch-zip', ema, 'ema.module', 'module.', alternatives=['model'])

    torch.serialization.set_crc32_options(False)
    write('no-crc.pt', saved(small))
    torch.serialization.set_crc32_options(True)
    expect('no-crc.pt', 'pytorch-zip', small)

    write('deflated.pt', rezipped(saved(small), zipfile.ZIP_DEFLATED))
    expect('deflated.pt', 'pytorch-zip', small)
    write('zip64.pt', rezipped(saved(small), zip64=True))
    expect('zip64.pt', 'pytorch-zip', small)
    widths = {'data/0': 4, 'data/1': 2}

    def swap(name, content):
        if name.endswith('/byteorder'):
            return b'big'
        width = next((width for end, width in widths.items() if name.endswith(end)), 1)
        return b''.join(content[i : i + width][::-1] for i in range(0, len(content), width))

    write('big-endian.pt', rezipped(saved(small), replace=swap))
    expect('big-endian.pt', 'pytorch-zip', small)

    refused = {
        'complex.pt': (torch.ones(2, dtype=torch.complex64), 'torch.complex64'),
        'float8.pt': (torch.ones(2).to(torch.float8_e4m3fn), 'torch.float8_e4m3fn'),
        'quantized.pt': (torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), 'quantized'),
        'sparse.pt': (torch.eye(2).to_sparse(), 'sparse'),
        'negated.pt': (torch.tensor([1 + 2j]).conj().imag, 'negated'),
        'meta.pt': (torch.ones(2, device='meta'), 'meta'),
    }
    for name, (tensor, text) in refused.items():
        write(name, saved({'ok': torch.ones(1), 'odd': tensor}))
        refuse(name, text)
    write('module.pt', saved(torch.nn.Linear(1, 1)))
    refuse('module.pt', 'torch.nn.modules.linear.Linear')
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Identity()), buffer)
    write('torchscript.pt', buffer.getvalue())
    refuse('torchscript.pt', 'TorchScript')


def safetensors_files():
    tensors = {key: value.detach().contiguous().clone() for key, value in weights().items()}
    safetensors.torch.save_file(tensors, OUT / 'all.safetensors', metadata={'format': 'pt', 'ключ': '"quoted"\n'})
    expect('all.safetensors', 'safetensors', tensors, metadata={'format': 'pt', 'ключ': '"quoted"\n'})
    safetensors.torch.save_file({'a': torch.ones(1, dtype=torch.complex64)}, OUT / 'complex.safetensors')
    refuse('complex.safetensors', 'C64')


if __name__ == '__main__':
    OUT.mkdir(parents=True, exist_ok=True)
    pytorch_files()
    safetensors_files()
    for path in OUT.iterdir():
        path.chmod(0o644)
    (OUT / 'expected.json').write_text(json.dumps(EXPECTED, ensure_ascii=False, indent=1) + '\n')
