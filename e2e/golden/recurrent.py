#!/usr/bin/env python3
"""Writes one file a cell, lstm_projected.json and recurrent_options.json: recurrent stacks in float64, outputs and every gradient.

The cells that torch.nn has come from there; the others, and all options that it lacks, from the equations of cells.py.
Masks are those that the engine draws (masks.py), so that it can be held to cases with them.

How it was run: Debian 12, `apt-get install python3-torch` (PyTorch 1.13, NumPy 1.24), then from the root of the repository
    python3 -B e2e/golden/recurrent.py
The same versions write the same bytes. The format is in README.md beside this file.
"""

import pathlib

import numpy
import torch

from arrays import encode_all, random, write
from cells import STATES, run_stack, shapes
from masks import CHANCE, draw_masks

MODULES = {"lstm": torch.nn.LSTM, "rnn_tanh": torch.nn.RNN, "rnn_relu": torch.nn.RNN, "gru": torch.nn.GRU}
EQUATIONS = ["peephole_lstm", "coupled_lstm", "coupled_peephole_lstm", "gru_reset_before", "ind_rnn", "min_gru"]
SUFFIXES = {"forward": [""], "reverse": ["_reverse"], "bidirectional": ["", "_reverse"]}

# Sizes are T, N, I, H. `initial`, `upstream` say which of h0/c0 and dOutput/dHn/dCn are given; the others are zeros.
CASES = [
    dict(name="one step", timeSteps=1, batchSize=1, inputSize=1, hiddenSize=1),
    dict(name="one layer", timeSteps=5, batchSize=3, inputSize=7, hiddenSize=3),
    dict(name="two layers", timeSteps=6, batchSize=2, inputSize=3, hiddenSize=5, numLayers=2),
    dict(name="three layers", timeSteps=4, batchSize=3, inputSize=3, hiddenSize=7, numLayers=3),
    dict(name="no bias", timeSteps=4, batchSize=2, inputSize=5, hiddenSize=3, numLayers=2, bias=False),
    dict(name="bidirectional", timeSteps=5, batchSize=2, inputSize=3, hiddenSize=5, direction="bidirectional"),
    dict(name="bidirectional three layers no bias", timeSteps=4, batchSize=3, inputSize=3, hiddenSize=3, numLayers=3, direction="bidirectional", bias=False),
    dict(name="lengths", timeSteps=6, batchSize=4, inputSize=3, hiddenSize=5, numLayers=2, lengths=[6, 1, 4, 3]),
    dict(name="bidirectional lengths", timeSteps=7, batchSize=5, inputSize=3, hiddenSize=3, numLayers=2, direction="bidirectional", lengths=[2, 7, 1, 5, 7]),
    dict(name="hundred steps", timeSteps=100, batchSize=2, inputSize=3, hiddenSize=7, numLayers=2),
    dict(name="hidden 33", timeSteps=3, batchSize=7, inputSize=1, hiddenSize=33),
    dict(name="from zeros, output only", timeSteps=4, batchSize=3, inputSize=3, hiddenSize=3, numLayers=2, initial=False, upstream="dOutput"),
    dict(name="final states only", timeSteps=4, batchSize=2, inputSize=3, hiddenSize=3, numLayers=2, upstream="final"),
]

# The sizes of these are too large to keep for every cell.
LARGE = ["hundred steps", "hidden 33"]

PROJECTED = [
    dict(name="one step", timeSteps=1, batchSize=1, inputSize=1, hiddenSize=2, projSize=1),
    dict(name="two layers", timeSteps=5, batchSize=3, inputSize=3, hiddenSize=7, projSize=3, numLayers=2),
    dict(name="bidirectional lengths", timeSteps=6, batchSize=4, inputSize=3, hiddenSize=5, projSize=2, numLayers=2, direction="bidirectional", lengths=[2, 6, 1, 5]),
    dict(name="no bias", timeSteps=4, batchSize=2, inputSize=3, hiddenSize=5, projSize=4, bias=False),
]

SMALL = dict(timeSteps=5, batchSize=3, inputSize=3, hiddenSize=5)
BOTH = dict(**SMALL, numLayers=2, direction="bidirectional")
SIGMOID_LIKE = {"hardSigmoid": [0.3, 0.45]}
OPTIONS = [
    dict(cell="gru", name="reset before", **SMALL, numLayers=2, cellOptions=dict(resetAfter=False)),
    dict(cell="gru", name="reset before, bidirectional lengths", **BOTH, lengths=[1, 5, 3], cellOptions=dict(resetAfter=False)),
    dict(cell="gru", name="reset before, recurrent dropout", **SMALL, cellOptions=dict(resetAfter=False), masks=["recurrent_dropout"]),
    dict(cell="gru", name="clip", **SMALL, cellOptions=dict(clipGates=0.5)),
    dict(cell="gru", name="reset before, clip", **SMALL, cellOptions=dict(clipGates=0.5, resetAfter=False)),
    dict(cell="gru", name="activations", **SMALL, cellOptions=dict(activations=dict(gate=SIGMOID_LIKE, candidate="relu"))),
    dict(cell="gru", name="tanh gates", **SMALL, cellOptions=dict(activations=dict(gate="tanh", candidate="sigmoid"))),
    dict(cell="gru", name="layer norm", **BOTH, cellOptions=dict(layerNorm=True)),
    dict(cell="lstm", name="clip", **SMALL, cellOptions=dict(clipGates=0.5)),
    dict(cell="lstm", name="activations", **SMALL, cellOptions=dict(activations=dict(gate=SIGMOID_LIKE, candidate={"affine": [0.5, 0.1]}, output="relu"))),
    dict(cell="lstm", name="relu gates", **SMALL, cellOptions=dict(activations=dict(gate="relu", candidate="relu", output="relu"))),
    dict(cell="lstm", name="layer norm", **SMALL, numLayers=2, cellOptions=dict(layerNorm=True)),
    dict(cell="lstm", name="layer norm, lengths", **BOTH, lengths=[2, 5, 1], cellOptions=dict(layerNorm=True)),
    dict(cell="lstm", name="merge sum", **BOTH, merge="sum"),
    dict(cell="lstm", name="merge mean", **BOTH, merge="mean", lengths=[4, 1, 5]),
    dict(cell="lstm", name="reverse", **SMALL, direction="reverse", numLayers=2, lengths=[3, 5, 2]),
    dict(cell="lstm", name="dropout", **BOTH, masks=["dropout"]),
    dict(cell="lstm", name="recurrent dropout", **BOTH, masks=["recurrent_dropout"]),
    dict(cell="lstm", name="zoneout", **BOTH, lengths=[5, 2, 4], masks=["zoneout_h", "zoneout_c"]),
    dict(cell="lstm", name="zoneout at evaluation", **SMALL, masks=["zoneout_h", "zoneout_c"], expectation=True),
    dict(cell="lstm", name="projection, every mask", **BOTH, projSize=3, masks=["dropout", "recurrent_dropout", "zoneout_h", "zoneout_c"]),
    dict(cell="gru", name="every mask", **BOTH, masks=["dropout", "recurrent_dropout", "zoneout_h"]),
    dict(cell="peephole_lstm", name="clip", **SMALL, cellOptions=dict(clipGates=0.5)),
    dict(cell="peephole_lstm", name="o sees the previous c", **SMALL, numLayers=2, cellOptions=dict(peepholeOutput="previous")),
    dict(cell="coupled_peephole_lstm", name="clip", **SMALL, cellOptions=dict(clipGates=0.5)),
    dict(cell="coupled_peephole_lstm", name="o sees the previous c", **SMALL, cellOptions=dict(peepholeOutput="previous")),
    dict(cell="ind_rnn", name="tanh", **BOTH, cellOptions=dict(activation="tanh")),
    dict(cell="ind_rnn", name="recurrent dropout", **SMALL, masks=["recurrent_dropout"]),
    dict(cell="rnn_tanh", name="clip", **SMALL, cellOptions=dict(clipGates=0.5)),
    dict(cell="rnn_relu", name="clip", **SMALL, cellOptions=dict(clipGates=0.5)),
]


def forward_of_module(cell, parameters, x, start, inputSize, hiddenSize, projSize, layers, direction, bias, lengths):
    """Output and final states of torch.nn's own layer, and its parameters, which get the values of `parameters`."""
    options = {"nonlinearity": cell[4:]} if cell.startswith("rnn_") else {"proj_size": projSize} if projSize else {}
    module = MODULES[cell](inputSize, hiddenSize, layers, bias=bias, bidirectional=direction == "bidirectional", **options)
    if [(name, tuple(value.shape)) for name, value in module.named_parameters()] != [(name, tuple(value.shape)) for name, value in parameters.items()]:
        raise ValueError(f"{cell}: not the parameters of torch.nn")
    with torch.no_grad():
        for key, value in module.named_parameters():
            value.copy_(parameters[key])
    state = (start["h0"], start["c0"]) if "c0" in start else start["h0"]
    if lengths is None:
        output, final = module(x, state)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        output, final = module(packed, state)
        output, _ = torch.nn.utils.rnn.pad_packed_sequence(output, total_length=x.shape[0])
    return output, dict(zip(["hn", "cn"], final if "c0" in start else [final])), dict(module.named_parameters())


def run(
    cell, seed, name, timeSteps, batchSize, inputSize, hiddenSize, numLayers=1, direction="forward", bias=True, lengths=None, initial=True, upstream="all",
    projSize=None, merge="concat", cellOptions=None, masks=(), expectation=False, equations=False,
):
    generator = numpy.random.default_rng(seed)
    suffixes, features = SUFFIXES[direction], projSize or hiddenSize
    parameters = {
        key: (random(generator, *shape, scale=0.8 / hiddenSize**0.5) + (1 if key.startswith("norm") and "bias" not in key else 0)).float().double().requires_grad_()
        for key, shape in shapes(cell, cellOptions or {}, inputSize, hiddenSize, projSize, numLayers, suffixes, bias, merge).items()
    }
    x = random(generator, timeSteps, batchSize, inputSize).requires_grad_()
    states = ["h", "c"] if cell in STATES else ["h"]
    start = {}
    for state in states:
        value = random(generator, numLayers * len(suffixes), batchSize, features if state == "h" else hiddenSize, scale=0.5)
        start[state + "0"] = (value if initial else torch.zeros_like(value)).requires_grad_()
    width = features * (len(suffixes) if merge == "concat" else 1)
    own_masks = draw_masks(masks, seed, timeSteps, batchSize, hiddenSize, features, numLayers, suffixes, expectation)
    if equations:
        c0 = start.get("c0", torch.zeros(numLayers * len(suffixes), batchSize, hiddenSize))
        output, *final = run_stack(cell, cellOptions or {}, parameters, x, start["h0"], c0, numLayers, suffixes, lengths, merge, own_masks)
        final = dict(zip([state + "n" for state in states], final))
    else:
        output, final, parameters = forward_of_module(cell, parameters, x, start, inputSize, hiddenSize, projSize, numLayers, direction, bias, lengths)

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
        "name": name, "cell": cell, "timeSteps": timeSteps, "batchSize": batchSize, "inputSize": inputSize, "hiddenSize": hiddenSize,
        "numLayers": numLayers, "direction": direction, "bias": bias, "lengths": lengths,
        **({"projSize": projSize} if projSize else {}), **({"merge": merge} if merge != "concat" else {}), **({"cellOptions": cellOptions} if cellOptions else {}),
        **({"regularisers": {"seed": seed, "chance": CHANCE, "evaluation": expectation, "of": masks}} if masks else {}),
        "parameters": encode_all(parameters),
        "given": encode_all({"input": x, **(start if initial else {}), **given, **own_masks}),
        "results": encode_all({"output": output, **final}),
        "gradients": encode_all({"dInput": x.grad, **{f"d{key[0].upper()}0": value.grad for key, value in start.items()}}),
        "parameterGradients": encode_all({key: value.grad for key, value in parameters.items()}),
    }


here = pathlib.Path(__file__).parent
source = "e2e/golden/recurrent.py"
for cell in MODULES:
    write(here / f"{cell}.json", source, [run(cell, seed, **case) for seed, case in enumerate(CASES, 1)])
write(here / "lstm_projected.json", source, [run("lstm", seed, **case) for seed, case in enumerate(PROJECTED, 1)])
for cell in EQUATIONS:
    write(here / f"{cell}.json", source, [run(cell, seed, equations=True, **case) for seed, case in enumerate(CASES, 1) if case["name"] not in LARGE])
write(here / "recurrent_options.json", source, [run(seed=seed, equations=True, **case) for seed, case in enumerate(OPTIONS, 1)])
