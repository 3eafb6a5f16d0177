#!/usr/bin/env python3
"""Writes state_dicts/*.safetensors and state_dicts.json: the state dicts of small PyTorch networks, and what those networks give.

Each file is the state dict of a network with a recurrent part `rnn` and a linear part `head`, as `torch.nn.Module.state_dict` names its
tensors, in float32. With `--check FILE …` it loads files of the same names, which the engine has written, into the same networks by
`load_state_dict`, which refuses a tensor that is missing, surplus or of another shape, and compares what those networks give.

How it was run: Debian 12, `apt-get install python3-torch` (PyTorch 1.13, NumPy 1.24), then from the root of the repository
    python3 -B e2e/golden/state_dicts.py
The format of the files is that of https://github.com/huggingface/safetensors, whose package Debian does not have.
"""

import json
import pathlib
import struct
import sys

import numpy
import torch

from arrays import encode_all, random, write

T, N, I, H, O = 5, 3, 4, 6, 2
FOLDER = pathlib.Path(__file__).parent / "state_dicts"

# The cell's name in the engine, PyTorch's class, its options, and those of the engine that mean the same.
CASES = {
    "lstm": ("lstm", torch.nn.LSTM, {}, {}),
    "gru": ("gru", torch.nn.GRU, {}, {}),
    "rnn": ("rnn_tanh", torch.nn.RNN, {}, {}),
    "lstm_two_layers": ("lstm", torch.nn.LSTM, {"num_layers": 2}, {"numLayers": 2}),
    "lstm_bidirectional": ("lstm", torch.nn.LSTM, {"num_layers": 2, "bidirectional": True}, {"numLayers": 2, "direction": "bidirectional"}),
    "lstm_projected": ("lstm", torch.nn.LSTM, {"proj_size": 3}, {"projSize": 3}),
}


class Network(torch.nn.Module):
    def __init__(self, kind, options):
        super().__init__()
        self.rnn = kind(I, H, **options)
        features = options.get("proj_size", H) * (2 if options.get("bidirectional") else 1)
        self.head = torch.nn.Linear(features, O)

    def forward(self, x):
        output, _ = self.rnn(x)
        return output, self.head(output)


def save(path, tensors):
    header, end = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end + 4 * tensor.numel()]}
        end += 4 * tensor.numel()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(t.numpy().astype("<f4").tobytes() for t in tensors.values()))


def load(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        tensors[name] = torch.from_numpy(numpy.frombuffer(data[begin:end], "<f4").reshape(entry["shape"]).copy())
    return tensors


def network_of(name):
    _, kind, options, _ = CASES[name]
    torch.manual_seed(list(CASES).index(name) + 1)
    return Network(kind, options).float()


def main():
    FOLDER.mkdir(exist_ok=True)
    x = random(numpy.random.default_rng(7), T, N, I)
    cases = []
    for name, (cell, _, _, options) in CASES.items():
        network = network_of(name)
        save(FOLDER / f"{name}.safetensors", network.state_dict())
        with torch.no_grad():
            output, head = network.double()(x)
        results = encode_all({"output": output, "head": head})
        cases.append({"name": name, "options": {"cell": cell, "inputSize": I, "hiddenSize": H, **options}, "outputSize": O, "given": encode_all({"input": x}), "results": results})
    write(FOLDER.with_suffix(".json"), "e2e/golden/state_dicts.py", cases)


def check(paths):
    x = random(numpy.random.default_rng(7), T, N, I).float()
    for path in map(pathlib.Path, paths):
        network, other = network_of(path.stem), network_of(path.stem)
        torch.nn.init.zeros_(other.head.weight)
        other.load_state_dict(load(path), strict=True)
        with torch.no_grad():
            same = all(torch.equal(a, b) for a, b in zip(network(x), other(x)))
        print(f"{path.name}: {'the network that PyTorch saved, to the bit' if same else 'another network'}")
        assert same


if __name__ == "__main__":
    check(sys.argv[2:]) if sys.argv[1:2] == ["--check"] else main()
