"""Dropout and zoneout masks as the engine draws them: shaders/lib/random.wgsl and the streams of src/layers/stack.ts, in Python.

A mask depends on the seed, on the number of the pass, which is 1 for a plan's first, on the stream of its layer and kind, and on
the element: so PyTorch can be given the very masks that the engine will draw, and neither needs a way in for the other's.
"""

import numpy
import torch

CHANCE = 0.25
PASS = 1


def pcg(seed, counter, elements):
    """PCG-3D (Jarzynski & Olano 2020) of (seed, counter, element): uniform numbers in (0, 1) with 24 bits, an array of them."""
    with numpy.errstate(over="ignore"):
        x, y, z = (numpy.full(elements.shape, value, numpy.uint32) for value in (seed, counter, 0))
        z = elements.astype(numpy.uint32)
        x, y, z = (v * numpy.uint32(1664525) + numpy.uint32(1013904223) for v in (x, y, z))
        x = x + y * z
        y = y + z * x
        z = z + x * y
        x, y, z = (v ^ (v >> numpy.uint32(16)) for v in (x, y, z))
        x = x + y * z
    return ((x >> numpy.uint32(8)).astype(float) + 0.5) / 16777216


def draw_masks(kinds, seed, steps, batch, hidden, features, layers, suffixes, expectation):
    """By name, `dropout_l0` [T,N,D*F], `recurrent_dropout_l0_reverse` [N,F], `zoneout_h_l0` [T,N,F], `zoneout_c_l0` [T,N,H]; float64."""
    directions = len(suffixes)

    def drawn(stream, elements):
        return pcg(seed ^ stream, PASS, elements)

    def scaled(uniform):
        # The scale as float32 has it.
        return numpy.where(uniform >= CHANCE, float(numpy.float32(1 / (1 - CHANCE))), 0.0)

    def zoneout(stream, width, d):
        if expectation:
            return numpy.full((steps, batch, width), CHANCE)
        # Element u of direction d in row (t, n) of an array [T,N,D*width].
        rows = numpy.arange(steps * batch * directions).reshape(steps, batch, directions)[:, :, d]
        return (drawn(stream, rows[..., None] * width + numpy.arange(width)) < CHANCE).astype(float)

    masks = {}
    for kind in kinds:
        for layer in range(layers - 1 if kind == "dropout" else layers):
            if kind == "dropout":
                shape = (steps, batch, directions * features)
                masks[f"dropout_l{layer}"] = scaled(drawn(0x10000 + layer, numpy.arange(numpy.prod(shape)).reshape(shape)))
                continue
            for d, suffix in enumerate(suffixes):
                if kind == "recurrent_dropout":
                    # Element of an array [D,N,F], one mask for all steps.
                    elements = numpy.arange(batch * features).reshape(batch, features) + d * batch * features
                    value = scaled(drawn(16 * layer + 3, elements))
                else:
                    value = zoneout(16 * layer + (1 if kind == "zoneout_h" else 2), features if kind == "zoneout_h" else hidden, d)
                masks[f"{kind}_l{layer}{suffix}"] = value
    return {name: torch.from_numpy(value) for name, value in masks.items()}
