"""The MLP beta-VAE of the suites in PyTorch: training steps and VAE-TracIn in three ways.

Prints one JSON object per line: suite, instance, backend, rate (units per second), version.
Scores are timed per training sample with the tests' gradients given, which favours PyTorch:
the suites' other figures contain the tests' gradients.
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

PIXELS, BATCH, BETA, DRAWS, TESTS, GROUP = 784, 64, 4.0, 16, 128, 16


class MlpVae(nn.Module):
    """Widths 784, 8d, 4d, 2d, and back; called, it gives the mean loss."""

    def __init__(self, d):
        super().__init__()
        self.d = d
        self.encoder = self.chain(PIXELS, 8 * d, 4 * d, 2 * d, 2 * d)
        self.decoder = self.chain(d, 2 * d, 4 * d, 8 * d, PIXELS)

    @staticmethod
    def chain(*widths):
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def forward(self, x, noise):
        """x [n,784], noise [n,d]; or x [1,784] and noise [m,d] for m draws."""
        mean, log_variance = self.encoder(x).split(self.d, dim=1)
        logits = self.decoder(mean + torch.exp(log_variance / 2) * noise)
        rec = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="sum")
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
        return rec / len(noise) + BETA * kl.mean()


def seconds(work, repeats, warmups=1):
    """Median time of one call."""
    times = []
    for i in range(warmups + repeats):
        start = time.perf_counter()
        work()
        if i >= warmups:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(suite, instance, backend, rate):
    line = dict(suite=suite, instance=instance, backend=backend, rate=rate, version=torch.__version__)
    print(json.dumps(line), flush=True)


def train_step(d, repeats):
    model = MlpVae(d)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)
    x = torch.rand(BATCH, PIXELS)

    def step():
        optimizer.zero_grad()
        model(x, torch.randn(BATCH, d)).backward()
        optimizer.step()

    report("train-step", str(d), "pytorch", BATCH / seconds(step, repeats, warmups=5))


def influence(d, repeats):
    model = MlpVae(d)
    parameters = list(model.parameters())
    size = sum(p.numel() for p in parameters)
    x = torch.rand(GROUP, PIXELS)
    tests = torch.randn(TESTS, size)
    instance = f"256x{TESTS}"

    def batched():
        """One forward and backward pass of all draws per sample, one product per group."""
        rows = torch.empty(GROUP, size)
        for i, row in enumerate(rows):
            gradients = torch.autograd.grad(model(x[i : i + 1], torch.randn(DRAWS, d)), parameters)
            torch.cat([g.flatten() for g in gradients], out=row)
        return rows @ tests.T

    report("vae-tracin", instance, "pytorch-batched", GROUP / seconds(batched, repeats))

    weights = {name: p.detach() for name, p in model.named_parameters()}
    gradient = grad(lambda w, sample, noise: functional_call(model, w, (sample[None], noise)))
    gradients_of_group = vmap(gradient, in_dims=(None, 0, 0))

    def vectorised():
        """Per-sample gradients of a group at once by torch.func."""
        gradients = gradients_of_group(weights, x, torch.randn(GROUP, DRAWS, d))
        return torch.cat([g.flatten(1) for g in gradients.values()], dim=1) @ tests.T

    report("vae-tracin", instance, "pytorch-vmap", GROUP / seconds(vectorised, repeats))

    split = [t.split([p.numel() for p in parameters]) for t in tests]
    test_gradients = [[v.view_as(p) for v, p in zip(t, parameters)] for t in split]

    def published():
        """As the paper's code: a forward pass per draw, products tensor by tensor."""
        loss = sum(model(x[:1], torch.randn(1, d)) for _ in range(DRAWS)) / DRAWS
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        return [
            sum((g * t).sum().item() for g, t in zip(gradients, test)) for test in test_gradients
        ]

    report("vae-tracin", instance, "pytorch-published", 1 / seconds(published, repeats))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="few repeats")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    for d in (64, 128):
        train_step(d, repeats=3 if arguments.quick else 40)
    influence(128, repeats=1 if arguments.quick else 7)


if __name__ == "__main__":
    main()
