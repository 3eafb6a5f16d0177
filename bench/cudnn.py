"""PyTorch beside Unfold: the same workloads on torch.nn.LSTM (cuDNN where the device is CUDA), for npm run bench -- --adapter native.

    python3 cudnn.py probe                   what is there, or status 1 and a line that says what is missing
    python3 cudnn.py literature --rounds 3   N=16, T=1024, H=768, one layer, as JSON
    python3 cudnn.py serve                   answers the benchmark: a line of JSON for each line of JSON on stdin

float32 is without TF32. UNFOLD_TORCH_DEVICE=cpu takes the CPU: a trial of this script, no measure of cuDNN.
"""

import argparse
import json
import os
import sys
import time

DTYPES = {"torch-fp32": "float32", "torch-fp16": "float16"}
ADAM = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}
# Of fp16 the loss is scaled, so that small gradients do not vanish, and weights and moments are kept in float32.
LOSS_SCALE = 1024.0


def open_torch():
    try:
        import torch
    except ImportError as error:
        raise SystemExit(f"PyTorch is not installed ({error})")
    device = os.environ.get("UNFOLD_TORCH_DEVICE", "cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit(f"PyTorch {torch.__version__} finds no CUDA device")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    return torch, torch.device(device)


def describe(torch, device):
    if device.type != "cuda":
        return f"PyTorch {torch.__version__} on the CPU, a trial and no measure of cuDNN"
    return f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {torch.cuda.get_device_name(device)}"


def wait(torch, device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def read_workload(torch, path):
    with open(path, "rb") as file:
        head = json.loads(file.readline())
        arrays = {}
        for entry in head["arrays"]:
            values = torch.frombuffer(bytearray(file.read(4 * entry["length"])), dtype=getattr(torch, entry["type"]))
            arrays[entry["name"]] = values
    return head["config"], arrays


class Contender:
    """One model in one precision, with the methods of bench/page.ts."""

    def __init__(self, torch, device, name, path):
        self.torch, self.device, self.dtype = torch, device, getattr(torch, DTYPES[name])
        config, arrays = read_workload(torch, path)
        self.config = config
        vocabulary, hidden = config["vocabulary"], config["hiddenSize"]
        steps, batch = config["timeSteps"], config["batchSize"]
        directions = 2 if config["bidirectional"] else 1
        lstm = torch.nn.LSTM(vocabulary, hidden, config["numLayers"], bidirectional=config["bidirectional"])
        linear = torch.nn.Linear(directions * hidden, vocabulary)
        self.model = torch.nn.ModuleDict({"recurrent": lstm, "linear": linear})
        with torch.no_grad():
            for key, parameter in self.model.named_parameters():
                parameter.copy_(arrays[key].reshape(parameter.shape))
        self.model.to(device)
        # float32 masters; for fp16 the model itself is a copy that is written after every step.
        self.masters = [p.detach().clone().requires_grad_() for p in self.model.parameters()]
        self.model.to(self.dtype)
        lstm.flatten_parameters()
        self.optimizer = torch.optim.Adam(self.masters, **ADAM)
        self.tokens = arrays["inputs"].long().to(device)
        one_hot = torch.nn.functional.one_hot(self.tokens, vocabulary)
        self.input = one_hot.reshape(steps, batch, vocabulary).to(self.dtype)
        self.targets = arrays["targets"].long().to(device)
        lengths = arrays["lengths"].long()
        self.lengths = lengths if config["ragged"] else None
        mask = torch.arange(steps)[:, None] < lengths[None, :]
        self.mask = mask.reshape(-1).to(device)

    def loss(self):
        torch = self.torch
        recurrent, linear = self.model["recurrent"], self.model["linear"]
        if self.lengths is None:
            output, _ = recurrent(self.input)
        else:
            packed = torch.nn.utils.rnn.pack_padded_sequence(self.input, self.lengths, enforce_sorted=False)
            output, _ = torch.nn.utils.rnn.pad_packed_sequence(recurrent(packed)[0], total_length=self.config["timeSteps"])
        logits = linear(output).reshape(-1, self.config["vocabulary"]).float()
        targets = torch.where(self.mask, self.targets, torch.full_like(self.targets, -100))
        return torch.nn.functional.cross_entropy(logits, targets)

    def train(self, steps):
        torch = self.torch
        half = self.dtype == torch.float16
        scale = LOSS_SCALE if half else 1.0
        losses = []
        for _ in range(steps):
            self.model.zero_grad(set_to_none=True)
            loss = self.loss()
            (loss * scale).backward()
            parameters = list(self.model.parameters())
            for master, parameter in zip(self.masters, parameters):
                master.grad = parameter.grad.float() / scale if half else parameter.grad
            self.optimizer.step()
            with torch.no_grad():
                for master, parameter in zip(self.masters, parameters):
                    parameter.copy_(master)
            losses.append(loss.detach())
        return torch.stack(losses).cpu().tolist()

    def forward(self, passes):
        losses = []
        with self.torch.no_grad():
            for _ in range(passes):
                losses.append(self.loss().item())
        return losses

    def stream(self, tokens, readback):
        torch = self.torch
        recurrent, linear = self.model["recurrent"], self.model["linear"]
        state, logits = None, []
        with torch.no_grad():
            for k in range(tokens):
                at = k % self.input.shape[0]
                output, state = recurrent(self.input[at : at + 1], state if at > 0 else None)
                last = linear(output[0])[0].float()
                if readback or k == tokens - 1:
                    logits.append(last.cpu().tolist())
        return logits

    def bytes(self):
        if self.device.type != "cuda":
            return None
        return {"bytes": self.torch.cuda.max_memory_allocated(self.device), "what": "torch.cuda.max_memory_allocated"}


class Server:
    def __init__(self):
        self.torch, self.device = open_torch()
        self.contender = None

    def answer(self, method, contender=None, workload=None, args=()):
        if method == "prepare":
            self.contender = Contender(self.torch, self.device, contender, workload)
            return {"biases": "two", "tuning": None}
        if method == "cold":
            begun = time.perf_counter()
            self.contender = Contender(self.torch, self.device, contender, workload)
            losses = self.contender.train(1)
            return {"steps": 1, "milliseconds": 1000 * (time.perf_counter() - begun), "losses": losses}
        if method in ("train", "forward"):
            begun = time.perf_counter()
            losses = getattr(self.contender, method)(args[0])
            return {"steps": args[0], "milliseconds": 1000 * (time.perf_counter() - begun), "losses": losses}
        if method == "stream":
            begun = time.perf_counter()
            logits = self.contender.stream(*args)
            milliseconds = 1000 * (time.perf_counter() - begun)
            return {"steps": args[0], "milliseconds": milliseconds, "logits": logits[: self.contender.config["timeSteps"]], "drawn": None}
        if method == "gradients":
            return None
        if method == "bytes":
            return self.contender.bytes()
        if method == "dispose":
            self.contender = None
            return None
        raise ValueError(f"there is no method {method}")


def serve():
    server = Server()
    for line in sys.stdin:
        try:
            result = {"value": server.answer(**json.loads(line))}
        except Exception as error:  # a failed call is an answer; the benchmark reports it
            result = {"error": f"{type(error).__name__}: {error}".split("\n")[0]}
        print(json.dumps(result), flush=True)


def literature(rounds, steps):
    """Forward, and forward with backward, of one layer; inputs and their gradients stay on the device."""
    torch, device = open_torch()
    hidden, batch = 768, 16
    figures = {"about": describe(torch, device), "steps": steps, "precisions": {}}
    for name, kind in DTYPES.items():
        if kind == "float16" and device.type == "cpu":
            continue  # PyTorch has no such LSTM on every CPU
        torch.manual_seed(1)
        lstm = torch.nn.LSTM(hidden, hidden).double()
        x = torch.rand(steps, batch, hidden, dtype=torch.float64) * 2 - 1
        # The first steps on the CPU in float64 say whether the device's are right.
        expected = lstm(x[:4])[0].detach()
        dtype = getattr(torch, kind)
        lstm = lstm.to(device, dtype)
        x = x.to(device, dtype)
        dy = torch.ones(steps, batch, hidden, device=device, dtype=dtype)
        given = lstm(x)[0][:4].detach().cpu().double()
        error = ((given - expected).norm() / expected.norm()).item()
        if not error < (2e-2 if kind == "float16" else 1e-5):
            raise SystemExit(f"{name}: the first steps are off by {error:.1e} in relative L2")

        def forward():
            with torch.no_grad():
                lstm(x)

        def both():
            lstm.zero_grad(set_to_none=True)
            lstm(x)[0].backward(dy)

        figures["precisions"][name] = {"forward": best(torch, device, forward, rounds), "both": best(torch, device, both, rounds)}
    print(json.dumps(figures))


def best(torch, device, run, rounds):
    """Milliseconds a run in the fastest round of half a second."""
    run()
    wait(torch, device)
    begun = time.perf_counter()
    run()
    wait(torch, device)
    times = max(1, min(200, int(0.5 / max(1e-6, time.perf_counter() - begun))))
    fastest = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(times):
            run()
        wait(torch, device)
        fastest = min(fastest, 1000 * (time.perf_counter() - begun) / times)
    return fastest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["probe", "literature", "serve"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1024, help="T of the literature's point (1024)")
    options = parser.parse_args()
    if options.command == "probe":
        print(describe(*open_torch()))
    elif options.command == "literature":
        literature(options.rounds, options.steps)
    else:
        serve()
