"""The recurrent cells that torch.nn has not got, and options of those it has, as equations in PyTorch; autograd differentiates them.

One row of the batch at a time, over its own steps: x [T,I], h [F], c [H]. F is H, or P for a projected LSTM.
"""

import torch

FUNCTIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


def activation(option):
    if isinstance(option, str):
        return FUNCTIONS[option]
    (kind, (alpha, beta)), = option.items()
    return (lambda x: alpha * x + beta) if kind == "affine" else (lambda x: torch.clamp(alpha * x + beta, 0, 1))


def layer_norm(a, gain):
    return torch.nn.functional.layer_norm(a, a.shape, gain)


class Layer:
    """One layer in one direction: its parameters by short name (`weight_ih`), its masks for one row, the cell's options."""

    def __init__(self, cell, options, weights, masks):
        self.cell, self.options, self.w, self.masks = cell, options, weights, masks
        chosen = options.get("activations", {})
        self.gate = activation(chosen.get("gate", "sigmoid"))
        self.candidate = activation(chosen.get("candidate", "tanh"))
        self.output = activation(chosen.get("output", "tanh"))

    def clip(self, a):
        limit = self.options.get("clipGates")
        return a if limit is None else torch.clamp(a, -limit, limit)

    def sides(self, x, h):
        """Input side and recurrent side of all gates, each with its bias."""
        a = self.w["weight_ih"] @ x
        if "norm_ih" in self.w:
            a = layer_norm(a, self.w["norm_ih"])
        a = a + self.w.get("bias_ih", 0)
        if "weight_hh" not in self.w:
            return a, None
        weight = self.w["weight_hh"]
        r = weight * h if weight.dim() == 1 else weight @ h
        if "norm_hh" in self.w:
            r = layer_norm(r, self.w["norm_hh"])
        return a, r + self.w.get("bias_hh", 0)

    def step(self, x, h, c):
        seen = h * self.masks["recurrent_dropout"] if "recurrent_dropout" in self.masks else h
        a, r = self.sides(x, seen)
        if self.cell == "min_gru":
            z, new = a.chunk(2)
            z = torch.sigmoid(z)
            return (1 - z) * h + z * new, c
        if self.cell == "ind_rnn":
            return activation(self.options.get("activation", "relu"))(self.clip(a + r)), c
        if self.cell in FUNCTIONS_OF_RNN:
            return FUNCTIONS_OF_RNN[self.cell](self.clip(a + r)), c
        if self.cell in ("gru", "gru_reset_before"):
            return self.gru(a, r, seen, h), c
        return self.lstm(a + r, c)

    def gru(self, a, r, seen, h):
        (ar, az, an), (rr, rz, rn) = a.chunk(3), r.chunk(3)
        reset, z = self.gate(self.clip(ar + rr)), self.gate(self.clip(az + rz))
        if self.cell == "gru" and self.options.get("resetAfter", True):
            n = self.candidate(self.clip(an + reset * rn))
        else:
            H = len(h)
            side = self.w["weight_hh"][2 * H:] @ (reset * seen)
            n = self.candidate(self.clip(an + side + (self.w["bias_hh"][2 * H:] if "bias_hh" in self.w else 0)))
        return (1 - z) * n + z * h

    def lstm(self, a, c):
        coupled, peephole = "coupled" in self.cell, "peephole" in self.cell
        parts = a.chunk(3 if coupled else 4)
        i, g, o = parts[0], parts[-2], parts[-1]
        p = self.w["peephole"].chunk(2 if coupled else 3) if peephole else None
        if p:
            i = i + p[0] * c
        i = self.gate(self.clip(i))
        if coupled:
            f = 1 - i
        else:
            f = self.gate(self.clip(parts[1] + p[1] * c if p else parts[1]))
        new = f * c + i * self.candidate(self.clip(g))
        if p:
            o = o + p[-1] * (new if self.options.get("peepholeOutput", "new") == "new" else c)
        normal = layer_norm(new, self.w["norm_c"]) + self.w["norm_c_bias"] if "norm_c" in self.w else new
        return self.gate(self.clip(o)) * self.output(normal), new

    def run(self, x, h, c, times):
        """The outputs [T,F] of the row (zeros where it has no step), and its final h and c."""
        outputs = [torch.zeros_like(h)] * len(x)
        for t in times:
            new_h, new_c = self.step(x[t], h, c)
            if "weight_hr" in self.w:
                new_h = self.w["weight_hr"] @ new_h
            if "zoneout_h" in self.masks:
                keep = self.masks["zoneout_h"][t]
                new_h = keep * h + (1 - keep) * new_h
            if "zoneout_c" in self.masks:
                keep = self.masks["zoneout_c"][t]
                new_c = keep * c + (1 - keep) * new_c
            h, c = new_h, new_c
            outputs[t] = h
        return torch.stack(outputs), h, c


FUNCTIONS_OF_RNN = {"rnn_tanh": torch.tanh, "rnn_relu": torch.relu}

STATES = {"lstm": 2, "peephole_lstm": 2, "coupled_lstm": 2, "coupled_peephole_lstm": 2}
GATES = {"lstm": 4, "peephole_lstm": 4, "coupled_lstm": 3, "coupled_peephole_lstm": 3, "gru": 3, "gru_reset_before": 3, "min_gru": 2}
PEEPHOLES = {"peephole_lstm": 3, "coupled_peephole_lstm": 2}


def shapes(cell, options, I, H, P, layers, suffixes, bias, merge):
    """Name → shape of every parameter, in the order of torch.nn."""
    G, F = GATES.get(cell, 1), P or H
    found = {}
    for layer in range(layers):
        for suffix in suffixes:
            inputs = I if layer == 0 else F * (len(suffixes) if merge == "concat" else 1)
            one = {"weight_ih": (G * H, inputs)}
            if cell == "ind_rnn":
                one["weight_hh"] = (H,)
            elif cell != "min_gru":
                one["weight_hh"] = (G * H, F)
            if bias:
                one["bias_ih"] = (G * H,)
                if cell not in ("ind_rnn", "min_gru"):
                    one["bias_hh"] = (G * H,)
            if P:
                one["weight_hr"] = (P, H)
            if cell in PEEPHOLES:
                one["peephole"] = (PEEPHOLES[cell] * H,)
            if options.get("layerNorm"):
                one.update(norm_ih=(G * H,), norm_hh=(G * H,))
                if cell in STATES:
                    one.update(norm_c=(H,), norm_c_bias=(H,))
            found.update({f"{name}_l{layer}{suffix}": shape for name, shape in one.items()})
    return found


def run_stack(cell, options, parameters, x, h0, c0, layers, suffixes, lengths, merge, masks):
    """x [T,N,I], h0 [L*D,N,F], c0 [L*D,N,H] → output [T,N,O], hn, cn."""
    T, N = x.shape[:2]
    hn, cn = [], []
    for layer in range(layers):
        sides = []
        for d, suffix in enumerate(suffixes):
            end = f"_l{layer}{suffix}"
            weights = {name[:-len(end)]: value for name, value in parameters.items() if name.endswith(end)}
            rows = []
            for n in range(N):
                own = {key: masks[key + end][..., n, :] for key in ("recurrent_dropout", "zoneout_h", "zoneout_c") if key + end in masks}
                times = range(lengths[n] if lengths else T)
                k = layer * len(suffixes) + d
                rows.append(Layer(cell, options, weights, own).run(x[:, n], h0[k, n], c0[k, n], reversed(times) if suffix else times))
            sides.append(torch.stack([row[0] for row in rows], 1))
            hn.append(torch.stack([row[1] for row in rows]))
            cn.append(torch.stack([row[2] for row in rows]))
        x = torch.cat(sides, 2) if merge == "concat" else sum(sides) / (len(sides) if merge == "mean" else 1)
        if f"dropout_l{layer}" in masks:
            x = x * masks[f"dropout_l{layer}"]
    return x, torch.stack(hn), torch.stack(cn)
