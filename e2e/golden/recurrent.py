#!/usr/bin/env python3
"""Writes lstm.json and rnn_tanh.json: torch.nn's recurrent layers in float64, outputs and every gradient.

How it was run: Debian 12, `apt-get install python3-torch` (PyTorch 1.13, NumPy 1.24), then from the root of the repository
    python3 -B e2e/golden/recurrent.py
The same versions write the same bytes. The format is in README.md beside this file.
"""

import pathlib

import numpy
import torch

from arrays import encode_all, random, write

CELLS = {"lstm": torch.nn.LSTM, "rnn_tanh": torch.nn.RNN}

# Sizes are T, N, I, H. `initial`, `upstream` say which of h0/c0 and dOutput/dHn/dCn are given; the others are zeros.
CASES = [
    dict(name="one step", steps=1, batch=1, inputSize=1, hiddenSize=1),
    dict(name="one layer", steps=5, batch=3, inputSize=7, hiddenSize=3),
    dict(name="two layers", steps=6, batch=2, inputSize=3, hiddenSize=5, layers=2),
    dict(name="three layers", steps=4, batch=3, inputSize=3, hiddenSize=7, layers=3),
    dict(name="no bias", steps=4, batch=2, inputSize=5, hiddenSize=3, layers=2, bias=False),
    dict(name="bidirectional", steps=5, batch=2, inputSize=3, hiddenSize=5, direction="bidirectional"),
    dict(name="bidirectional three layers no bias", steps=4, batch=3, inputSize=3, hiddenSize=3, layers=3, direction="bidirectional", bias=False),
    dict(name="lengths", steps=6, batch=4, inputSize=3, hiddenSize=5, layers=2, lengths=[6, 1, 4, 3]),
    dict(name="bidirectional lengths", steps=7, batch=5, inputSize=3, hiddenSize=3, layers=2, direction="bidirectional", lengths=[2, 7, 1, 5, 7]),
    dict(name="hundred steps", steps=100, batch=2, inputSize=3, hiddenSize=7, layers=2),
    dict(name="hidden 33", steps=3, batch=7, inputSize=1, hiddenSize=33),
    dict(name="from zeros, output only", steps=4, batch=3, inputSize=3, hiddenSize=3, layers=2, initial=False, upstream="dOutput"),
    dict(name="final states only", steps=4, batch=2, inputSize=3, hiddenSize=3, layers=2, upstream="final"),
]


def run(cell, seed, name, steps, batch, inputSize, hiddenSize, layers=1, direction="forward", bias=True, lengths=None, initial=True, upstream="all"):
    generator = numpy.random.default_rng(seed)
    directions = 2 if direction == "bidirectional" else 1
    options = {"nonlinearity": "tanh"} if cell == "rnn_tanh" else {}
    module = CELLS[cell](inputSize, hiddenSize, layers, bias=bias, bidirectional=directions == 2, **options)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(random(generator, *parameter.shape, scale=0.8 / hiddenSize**0.5))

    x = random(generator, steps, batch, inputSize).requires_grad_()
    states = ["h", "c"] if cell == "lstm" else ["h"]
    start = {}
    for state in states:
        value = random(generator, layers * directions, batch, hiddenSize, scale=0.5)
        start[state + "0"] = (value if initial else torch.zeros_like(value)).requires_grad_()
    h0 = tuple(start.values()) if cell == "lstm" else start["h0"]
    if lengths is None:
        output, final = module(x, h0)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        output, final = module(packed, h0)
        output, _ = torch.nn.utils.rnn.pad_packed_sequence(output, total_length=steps)
    final = dict(zip([state + "n" for state in states], final if cell == "lstm" else [final]))

    given = {}
    if upstream != "final":
        given["dOutput"] = random(generator, *output.shape)
    if upstream != "dOutput":
        for state in states:
            given[f"d{state.upper()}n"] = random(generator, *final[state + "n"].shape)
    loss = sum((given["d" + key[0].upper() + key[1:]] * value).sum()
               for key, value in {"output": output, **final}.items() if "d" + key[0].upper() + key[1:] in given)
    loss.backward()

    return {
        "name": name, "cell": cell, "steps": steps, "batch": batch, "inputSize": inputSize, "hiddenSize": hiddenSize,
        "layers": layers, "direction": direction, "bias": bias, "lengths": lengths,
        "parameters": encode_all(dict(module.named_parameters())),
        "given": encode_all({"input": x, **(start if initial else {}), **given}),
        "results": encode_all({"output": output, **final}),
        "gradients": encode_all({"dInput": x.grad, **{f"d{key[0].upper()}0": value.grad for key, value in start.items()}}),
        "parameterGradients": encode_all({key: value.grad for key, value in module.named_parameters()}),
    }


here = pathlib.Path(__file__).parent
for cell in CELLS:
    write(here / f"{cell}.json", "e2e/golden/recurrent.py", [run(cell, seed, **case) for seed, case in enumerate(CASES, 1)])
