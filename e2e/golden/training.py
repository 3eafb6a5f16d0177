#!/usr/bin/env python3
"""Writes training.json: the first steps of training small character models with PyTorch in float64.

How it was run: Debian 12, `apt-get install python3-torch` (PyTorch 1.13, NumPy 1.24), then from the root of the repository
    python3 -B e2e/golden/training.py
The same versions write the same bytes. The format is in README.md beside this file.
"""

import pathlib

import numpy
import torch

from arrays import encode_all, random, write

V, H, L, N, T, STEPS = 11, 7, 2, 3, 6, 10
# Each `gradientClip` lies among its run's gradient norms, so that some steps are clipped and some are not.
CASES = [
    dict(name="embedding, adam", embedding=5, gradientClip=0.8, optimizer={"kind": "adam", "learningRate": 1e-2}),
    dict(name="one-hot, adam", embedding="one-hot", gradientClip=0.45, optimizer={"kind": "adam", "learningRate": 1e-2}),
    dict(name="one-hot, sgd", embedding="one-hot", gradientClip=0.5, optimizer={"kind": "sgd", "learningRate": 0.5, "momentum": 0.9}),
]


class Model(torch.nn.Module):
    def __init__(self, embed):
        super().__init__()
        self.embedding = None if embed == "one-hot" else torch.nn.Embedding(V, embed)
        self.recurrent = torch.nn.LSTM(V if embed == "one-hot" else embed, H, L)
        self.linear = torch.nn.Linear(H, V)

    def forward(self, tokens, state):
        x = torch.nn.functional.one_hot(tokens, V).double() if self.embedding is None else self.embedding(tokens)
        output, state = self.recurrent(x, state)
        return self.linear(output), state


def text(generator):
    """N*STEPS*T + 1 tokens with some order in them: mostly the last token plus 1 or 3, sometimes any."""
    tokens = [0]
    while len(tokens) < N * STEPS * T + 1:
        draw = generator.random()
        tokens.append(int((tokens[-1] + (1 if draw < 0.6 else 3)) % V if draw < 0.85 else generator.integers(V)))
    return numpy.array(tokens)


def clip_gradients(parameters, clip):
    """The norm before; scales by clip / norm, without the 1e-6 of clip_grad_norm_."""
    norm = torch.sqrt(sum((parameter.grad**2).sum() for parameter in parameters))
    if norm > clip:
        for parameter in parameters:
            parameter.grad *= clip / norm
    return norm.item()


def run(seed, name, embedding, gradientClip, optimizer):
    generator = numpy.random.default_rng(seed)
    model = Model(embedding)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(random(generator, *parameter.shape, scale=0.9))
    initial = encode_all(dict(model.named_parameters()))
    tokens = text(generator)
    # N streams of STEPS*T tokens each, one after the other in the text; a window is T tokens of every stream.
    inputs = torch.from_numpy(tokens[:-1].reshape(N, STEPS * T).T.copy())
    targets = torch.from_numpy(tokens[1:].reshape(N, STEPS * T).T.copy())

    parameters = list(model.parameters())
    rates = dict(lr=optimizer["learningRate"])
    update = torch.optim.Adam(parameters, **rates) if optimizer["kind"] == "adam" else torch.optim.SGD(parameters, momentum=optimizer["momentum"], **rates)
    state, losses, step_losses, norms = None, [], [], []
    for step in range(STEPS):
        window = slice(step * T, (step + 1) * T)
        logits, state = model(inputs[window], state)
        state = tuple(value.detach() for value in state)
        each = torch.nn.functional.cross_entropy(logits.reshape(-1, V), targets[window].reshape(-1), reduction="none").reshape(T, N)
        update.zero_grad()
        each.mean().backward()
        losses.append(each.mean().item())
        step_losses.append(each.mean(1).tolist())
        norms.append(clip_gradients(parameters, gradientClip))
        update.step()
    return {
        "name": name, "vocabulary": V, "embedding": embedding, "layers": [{"cell": "lstm", "hiddenSize": H}] * L, "batchSize": N, "timeSteps": T, "steps": STEPS,
        "optimizer": optimizer, "gradientClip": gradientClip, "tokens": tokens.tolist(),
        "parameters": initial, "losses": losses, "stepLosses": step_losses, "gradientNorms": norms,
        "trained": encode_all(dict(model.named_parameters())),
        "state": encode_all({"hn": state[0], "cn": state[1]}),
    }


cases = [run(seed, **case) for seed, case in enumerate(CASES, 1)]
for case in cases:
    print(case["name"], [f"{loss:.3f}" for loss in case["losses"]], [f"{norm:.3f}" for norm in case["gradientNorms"]])
write(pathlib.Path(__file__).parent / "training.json", "e2e/golden/training.py", cases)
