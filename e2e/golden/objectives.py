#!/usr/bin/env python3
"""Writes losses.json and optimizers.json: torch.nn.functional's losses with their gradients, torch.optim's updates, in float64.

How it was run: Debian 12, `apt-get install python3-torch` (PyTorch 1.13, NumPy 1.24), then from the root of the repository
    python3 -B e2e/golden/objectives.py
The same versions write the same bytes. The format is in README.md beside this file.
"""

import pathlib

import numpy
import torch

from arrays import random, write

here = pathlib.Path(__file__).parent
T, N, V = 4, 3, 5
IGNORED = 4294967295

def flat(tensors):
    """Small enough for plain JSON numbers, which hold a float64 exactly."""
    return {name: tensor.detach().flatten().tolist() for name, tensor in tensors.items()}


LOSSES = [
    dict(name="cross-entropy, ignored targets", kind="softmax_cross_entropy"),
    dict(name="cross-entropy, class weights", kind="softmax_cross_entropy", classes=True),
    dict(name="cross-entropy, masked", kind="softmax_cross_entropy", weighted=True),
    dict(name="cross-entropy, both weights", kind="softmax_cross_entropy", classes=True, weighted=True),
    dict(name="mean squared error", kind="mean_squared_error"),
    dict(name="mean squared error, masked", kind="mean_squared_error", weighted=True),
    dict(name="binary cross-entropy", kind="binary_cross_entropy"),
    dict(name="binary cross-entropy, masked", kind="binary_cross_entropy", weighted=True),
]


def loss(seed, name, kind, classes=False, weighted=False):
    generator = numpy.random.default_rng(seed)
    functional = torch.nn.functional
    logits = random(generator, T * N, V, scale=3).requires_grad_()
    # Padding weighs nothing, the others this and that.
    weights = random(generator, T * N).abs() * torch.from_numpy((generator.random(T * N) < 0.7).astype(float)) if weighted else None
    class_weights = random(generator, V).abs() if classes else None
    each_weight = torch.ones(T * N) if weights is None else weights
    if kind == "softmax_cross_entropy":
        targets = torch.from_numpy(generator.integers(0, V, T * N))
        targets[generator.random(T * N) < 0.25] = -100
        each = functional.cross_entropy(logits, targets, weight=class_weights, reduction="none")
        counted = torch.where(targets >= 0, 1.0 if class_weights is None else class_weights[targets.clamp(0)], torch.zeros(()).double()) * each_weight
        value = (each * each_weight).sum() / counted.sum()
        if weights is None and not torch.isclose(value, functional.cross_entropy(logits, targets, weight=class_weights), rtol=1e-14):
            raise ValueError(name)
        targets = torch.where(targets < 0, IGNORED, targets)
    elif kind == "mean_squared_error":
        targets = random(generator, T * N, V)
        value = (functional.mse_loss(logits, targets, reduction="none") * each_weight[:, None]).sum() / (V * each_weight.sum())
    else:
        targets = torch.from_numpy(generator.integers(0, 3, (T * N, V)) / 2)
        value = (functional.binary_cross_entropy_with_logits(logits, targets, reduction="none") * each_weight[:, None]).sum() / (V * each_weight.sum())
    value.backward()
    optional = {"weights": weights, "classes": class_weights}
    return {
        "name": name, "kind": kind, "timeSteps": T, "batchSize": N, "size": V, "loss": value.item(),
        "given": flat({"input": logits, "targets": targets, **{key: array for key, array in optional.items() if array is not None}}),
        "results": flat({"dInput": logits.grad}),
    }


# `learningRate` is that of the first five updates; half of it that of the others.
OPTIMIZERS = [
    dict(kind="sgd", learningRate=0.1, momentum=0.9),
    dict(kind="adam", learningRate=0.05),
    dict(kind="adamw", learningRate=0.05),
    dict(kind="adamw", learningRate=0.05, beta1=0.8, beta2=0.95, epsilon=1e-3, decay=0.3),
    dict(kind="rmsprop", learningRate=0.02),
    dict(kind="rmsprop", learningRate=0.02, alpha=0.8, epsilon=1e-3, momentum=0.7),
    dict(kind="rmsprop", learningRate=0.02, alpha=0.9, momentum=0.5, centered=True),
]
UPDATES = 10


def torch_optimizer(parameters, kind, learningRate, beta1=0.9, beta2=0.999, epsilon=1e-8, decay=0.01, alpha=0.99, momentum=0.0, centered=False):
    optim = torch.optim
    if kind == "sgd":
        return optim.SGD(parameters, lr=learningRate, momentum=momentum)
    if kind == "rmsprop":
        return optim.RMSprop(parameters, lr=learningRate, alpha=alpha, eps=epsilon, momentum=momentum, centered=centered)
    if kind == "adam":
        return optim.Adam(parameters, lr=learningRate, betas=(beta1, beta2), eps=epsilon)
    return optim.AdamW(parameters, lr=learningRate, betas=(beta1, beta2), eps=epsilon, weight_decay=decay)


def optimizer(seed, **options):
    generator = numpy.random.default_rng(seed)
    parameters = {"a": random(generator, 3, 4).requires_grad_(), "b": random(generator, 5).requires_grad_()}
    initial = flat(parameters)
    update = torch_optimizer(list(parameters.values()), **options)
    gradients = {}
    for step in range(UPDATES):
        if step == 5:
            update.param_groups[0]["lr"] = options["learningRate"] / 2
        for name, parameter in parameters.items():
            parameter.grad = random(generator, *parameter.shape)
            gradients[f"{name}{step}"] = parameter.grad
        update.step()
    return {"name": " ".join(f"{key} {value}" for key, value in options.items()), "options": options, "updates": UPDATES,
            "parameters": initial, "gradients": flat(gradients), "results": flat(parameters)}


write(here / "losses.json", "e2e/golden/objectives.py", [loss(seed, **case) for seed, case in enumerate(LOSSES, 1)])
write(here / "optimizers.json", "e2e/golden/objectives.py", [optimizer(seed, **case) for seed, case in enumerate(OPTIMIZERS, 1)])
