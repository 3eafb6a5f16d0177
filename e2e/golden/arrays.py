"""What the golden scripts share: arrays as JSON, seeded float32-exact random values."""

import base64
import json

import numpy
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def random(generator, *shape, scale=1.0):
    """Normal values in [*shape] that float32 holds exactly, so that a float32 engine starts from the very same numbers."""
    return torch.from_numpy((generator.standard_normal(shape) * scale).astype(numpy.float32).astype(numpy.float64))


def encode(tensor):
    """A tensor as {shape, dtype, data}: float32 where that loses nothing, else float64; little-endian, base64."""
    values = tensor.detach().contiguous().numpy()
    single = values.astype("<f4")
    exact = numpy.array_equal(single.astype("<f8"), values)
    return {
        "shape": list(values.shape),
        "dtype": "float32" if exact else "float64",
        "data": base64.b64encode(single.tobytes() if exact else values.astype("<f8").tobytes()).decode(),
    }


def encode_all(tensors):
    return {name: encode(tensor) for name, tensor in tensors.items()}


def write(path, source, cases):
    """One case a line, so that a change to one shows as one."""
    head = json.dumps({"source": source, "torch": torch.__version__})
    lines = ",\n".join(json.dumps(case) for case in cases)
    path.write_text(f'{head[:-1]}, "cases": [\n{lines}\n]}}\n')
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")
