#!/usr/bin/env python3
"""Writes objective_options.json: torch.optim's updates with weight decay and Nesterov momentum, and binary cross-entropy with
weights of the positive answers, in float64. `losses.json` and `optimizers.json` hold the rest.

How it was run: Debian 12, `apt-get install python3-torch` (PyTorch 1.13, NumPy 1.24), then from the root of the repository
    python3 -B e2e/golden/objective_options.py
The same versions write the same bytes. The format is that of the two files, see README.md beside this file.
"""

import pathlib

import numpy
import torch

from arrays import random, write

here = pathlib.Path(__file__).parent
UPDATES = 10
T, N, F = 4, 3, 5

# Options by the names of src/train/optimizer.ts. `learningRate` is that of the first five updates; half of it that of the others.
OPTIMIZERS = [
    dict(kind="sgd", learningRate=0.1),
    dict(kind="sgd", learningRate=0.1, weightDecay=0.2),
    dict(kind="sgd", learningRate=0.1, momentum=0.8, weightDecay=0.2),
    dict(kind="sgd", learningRate=0.1, momentum=0.9, nesterov=True),
    dict(kind="sgd", learningRate=0.05, momentum=0.7, nesterov=True, weightDecay=0.3),
    dict(kind="adam", learningRate=0.05, weightDecay=0.4),
    dict(kind="adamw", learningRate=0.05, weightDecay=0.4),
    dict(kind="rmsprop", learningRate=0.02, alpha=0.9, centered=True),
    dict(kind="rmsprop", learningRate=0.02, momentum=0.6, weightDecay=0.5),
]
NAMES = {"learningRate": "lr", "weightDecay": "weight_decay"}
KINDS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop}


def flat(tensors):
    return {name: tensor.detach().flatten().tolist() for name, tensor in tensors.items()}


def optimizer(seed, kind, **options):
    generator = numpy.random.default_rng(seed)
    parameters = {"a": random(generator, 3, 4).requires_grad_(), "b": random(generator, 5).requires_grad_()}
    initial = flat(parameters)
    update = KINDS[kind](list(parameters.values()), **{NAMES.get(name, name): value for name, value in options.items()})
    gradients = {}
    for step in range(UPDATES):
        if step == 5:
            update.param_groups[0]["lr"] = options["learningRate"] / 2
        for name, parameter in parameters.items():
            parameter.grad = random(generator, *parameter.shape)
            gradients[f"{name}{step}"] = parameter.grad.clone()
        update.step()
    named = {"kind": kind, **options}
    return {"name": " ".join(f"{key} {value}" for key, value in named.items()), "options": named, "updates": UPDATES,
            "parameters": initial, "gradients": flat(gradients), "results": flat(parameters)}


def positive_weights(seed):
    generator = numpy.random.default_rng(seed)
    logits = random(generator, T * N, F, scale=3).requires_grad_()
    targets = torch.from_numpy(generator.integers(0, 3, (T * N, F)) / 2)
    weights = random(generator, F).abs() * 4
    value = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=weights)
    value.backward()
    return {"name": "binary cross-entropy, positive weights", "kind": "binary_cross_entropy", "timeSteps": T, "batchSize": N, "size": F,
            "loss": value.item(), "given": flat({"input": logits, "targets": targets, "positives": weights}),
            "results": flat({"dInput": logits.grad})}


write(here / "objective_options.json", "e2e/golden/objective_options.py",
      [optimizer(seed, **case) for seed, case in enumerate(OPTIMIZERS, 21)] + [positive_weights(31)])
