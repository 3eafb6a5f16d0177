#!/usr/bin/env python3
"""Writes attention.json: Luong's attention (2015) in PyTorch's operations, differentiated by PyTorch, in float64.

How it was run: Debian 12, `apt-get install python3-torch` (PyTorch 1.13, NumPy 1.24), then from the root of the repository
    python3 -B e2e/golden/attention.py
The same versions write the same bytes. The format is in README.md beside this file.
"""

import pathlib

import numpy
import torch

from arrays import encode_all, random, write

# T, S, N, H, E, A
CASES = [
    dict(name="dot", score="dot", sizes=(4, 5, 3, 4, 4, 4)),
    dict(name="dot, lengths", score="dot", sizes=(3, 6, 4, 5, 5, 3), lengths=[6, 1, 3, 5]),
    dict(name="general, other sizes", score="general", sizes=(5, 4, 2, 3, 7, 6)),
    dict(name="general, lengths", score="general", sizes=(2, 7, 5, 6, 3, 4), lengths=[2, 7, 1, 4, 6]),
    dict(name="general, one step", score="general", sizes=(1, 3, 2, 4, 5, 4), lengths=[3, 2]),
    dict(name="dot, large scores", score="dot", sizes=(3, 4, 2, 3, 3, 3), scale=12.0),
]


def attention(seed, name, score, sizes, lengths=None, scale=1.0):
    generator = numpy.random.default_rng(seed)
    T, S, N, H, E, A = sizes
    parameters = {"weight_c": random(generator, A, E + H, scale=0.5)}
    if score == "general":
        parameters["weight_a"] = random(generator, H, E, scale=0.7)
    given = {"decoder": random(generator, T, N, H, scale=scale), "encoder": random(generator, S, N, E)}
    d_output = random(generator, T, N, A)
    for tensor in [*parameters.values(), *given.values()]:
        tensor.requires_grad_()
    query = given["decoder"] @ parameters["weight_a"] if score == "general" else given["decoder"]
    scores = torch.einsum("tne,sne->tns", query, given["encoder"])
    if lengths is not None:
        padding = torch.arange(S)[None, :] >= torch.tensor(lengths)[:, None]
        scores = scores.masked_fill(padding[None], -torch.inf)
    weights = torch.softmax(scores, dim=2)
    context = torch.einsum("tns,sne->tne", weights, given["encoder"])
    output = torch.tanh(torch.nn.functional.linear(torch.cat([context, given["decoder"]], dim=2), parameters["weight_c"]))
    (output * d_output).sum().backward()
    return {
        "name": name, "score": score, "timeSteps": T, "sourceTimeSteps": S, "batchSize": N, "decoderSize": H, "encoderSize": E, "outputSize": A, "lengths": lengths,
        "parameters": encode_all(parameters),
        "given": encode_all({**given, "dOutput": d_output}),
        "results": encode_all({"weights": weights, "context": context, "output": output}),
        "gradients": encode_all({"dDecoder": given["decoder"].grad, "dEncoder": given["encoder"].grad}),
        "parameterGradients": encode_all({key: tensor.grad for key, tensor in parameters.items()}),
    }


write(pathlib.Path(__file__).parent / "attention.json", "e2e/golden/attention.py", [attention(seed, **case) for seed, case in enumerate(CASES, 1)])
