"""The models of the suites in PyTorch: training steps, VAE-TracIn in three ways, attribution.

Prints one JSON object per line: suite, instance, backend, rate (units per second), version.
Scores are timed per training sample with the tests' gradients given, which favours PyTorch:
the suites' other figures contain the tests' gradients. On a GPU (--device cuda) plain FP32, as
PyTorch has it by default, and every timing ends with a synchronisation.
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

BATCH, DRAWS, TESTS, GROUP = 64, 16, 128, 16


class Vae(nn.Module):
    """Encoder and decoder; called, it gives the mean loss.

    x is [n,*shape] and noise [n,d]; or x [1,*shape] and noise [m,d] for m draws.
    """

    def __init__(self, d, shape, encoder, decoder, beta):
        super().__init__()
        self.d, self.shape, self.beta = d, shape, beta
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)

    def reconstruction(self, logits, x):
        raise NotImplementedError

    def forward(self, x, noise):
        mean, log_variance = self.encoder(x).split(self.d, dim=1)
        logits = self.decoder(mean + torch.exp(log_variance / 2) * noise)
        rec = self.reconstruction(logits, x.expand_as(logits))
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1)
        return rec / len(noise) + self.beta * kl.mean()


class MlpVae(Vae):
    """Widths 784, 8d, 4d, 2d, and back."""

    def __init__(self, d):
        encoder = self.chain(784, 8 * d, 4 * d, 2 * d, 2 * d)
        super().__init__(d, (784,), encoder, self.chain(d, 2 * d, 4 * d, 8 * d, 784), 4.0)

    @staticmethod
    def chain(*widths):
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        return layers[:-1]

    def reconstruction(self, logits, x):
        return F.binary_cross_entropy_with_logits(logits, x, reduction="sum")


class ConvVae(Vae):
    """BetaVAE_H for [3,64,64]."""

    def __init__(self, d):
        encoder, channels = [], 3
        for width in (32, 32, 64, 64):
            encoder += [nn.Conv2d(channels, width, 4, 2, 1), nn.ReLU()]
            channels = width
        encoder += [nn.Conv2d(64, 256, 4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 2 * d)]
        decoder = [nn.Linear(d, 256), nn.Unflatten(1, (256, 1, 1)), nn.ReLU()]
        decoder += [nn.ConvTranspose2d(256, 64, 4), nn.ReLU()]
        channels = 64
        for width in (64, 32, 32):
            decoder += [nn.ConvTranspose2d(channels, width, 4, 2, 1), nn.ReLU()]
            channels = width
        decoder += [nn.ConvTranspose2d(32, 3, 4, 2, 1)]
        super().__init__(d, (3, 64, 64), encoder, decoder, 2.0)

    def reconstruction(self, logits, x):
        return F.mse_loss(torch.sigmoid(logits), x, reduction="sum")


class DenoisingEncoder(nn.Sequential):
    """EncoderMnist of Label-Free-XAI, [n,1,28,28] to [n,4]."""

    shape = (1, 28, 28)

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 8, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, 1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 0),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(288, 128),
            nn.ReLU(),
            nn.Linear(128, 4),
        )
        self.eval()


class DenoisingDecoder(nn.Sequential):
    """DecoderMnist of Label-Free-XAI, [n,4] to [n,1,28,28]."""

    def __init__(self):
        super().__init__(
            nn.Linear(4, 128),
            nn.ReLU(),
            nn.Linear(128, 288),
            nn.ReLU(),
            nn.Unflatten(1, (32, 3, 3)),
            nn.ConvTranspose2d(32, 16, 3, 2, 0),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 3, 2, 1, 1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 1, 3, 2, 1, 1),
            nn.Sigmoid(),
        )
        self.eval()


class Timer:
    def __init__(self, device, quick):
        self.device, self.quick = device, quick

    def seconds(self, work, repeats, warmups=1):
        """Median time of one call."""
        times = []
        for i in range(warmups + (1 if self.quick else repeats)):
            start = time.perf_counter()
            work()
            if self.device == "cuda":
                torch.cuda.synchronize()
            if i >= warmups:
                times.append(time.perf_counter() - start)
        return statistics.median(times)


def report(suite, instance, backend, rate):
    line = dict(suite=suite, instance=instance, backend=backend, rate=rate, version=torch.__version__)
    print(json.dumps(line), flush=True)


def train_step(timer, instance, model, repeats, batch=BATCH):
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-9)
    x = torch.rand(batch, *model.shape)

    def step():
        optimizer.zero_grad()
        model(x, torch.randn(batch, model.d)).backward()
        optimizer.step()

    report("train-step", instance, "pytorch", batch / timer.seconds(step, repeats, warmups=5))


def train_steps(timer, device):
    for d in (64, 128):
        train_step(timer, str(d), MlpVae(d), repeats=40)
    train_step(timer, "conv-64", ConvVae(64), repeats=15)
    if device == "cuda":
        for batch in (4096, 16384):
            train_step(timer, f"128, batch {batch}", MlpVae(128), 40, batch)
        train_step(timer, "conv-64, batch 1024", ConvVae(64), 15, 1024)


def influence(timer, instance, model, repeats):
    parameters = list(model.parameters())
    size = sum(p.numel() for p in parameters)
    x = torch.rand(GROUP, *model.shape)
    tests = torch.randn(TESTS, size)

    def batched():
        """One forward and backward pass of all draws per sample, one product per group."""
        rows = torch.empty(GROUP, size)
        for i, row in enumerate(rows):
            loss = model(x[i : i + 1], torch.randn(DRAWS, model.d))
            gradients = torch.autograd.grad(loss, parameters)
            torch.cat([g.flatten() for g in gradients], out=row)
        return rows @ tests.T

    report("vae-tracin", instance, "pytorch-batched", GROUP / timer.seconds(batched, repeats))

    weights = {name: p.detach() for name, p in model.named_parameters()}
    gradient = grad(lambda w, sample, noise: functional_call(model, w, (sample[None], noise)))
    gradients_of_group = vmap(gradient, in_dims=(None, 0, 0))

    def vectorised():
        """Per-sample gradients of a group at once by torch.func."""
        gradients = gradients_of_group(weights, x, torch.randn(GROUP, DRAWS, model.d))
        return torch.cat([g.flatten(1) for g in gradients.values()], dim=1) @ tests.T

    report("vae-tracin", instance, "pytorch-vmap", GROUP / timer.seconds(vectorised, repeats))

    split = [t.split([p.numel() for p in parameters]) for t in tests]
    test_gradients = [[v.view_as(p) for v, p in zip(t, parameters)] for t in split]

    def published():
        """As the paper's code: a forward pass per draw, products tensor by tensor."""
        loss = sum(model(x[:1], torch.randn(1, model.d)) for _ in range(DRAWS)) / DRAWS
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        return [
            sum((g * t).sum().item() for g, t in zip(gradients, test)) for test in test_gradients
        ]

    report("vae-tracin", instance, "pytorch-published", 1 / timer.seconds(published, repeats))


def integrated_gradients(timer, samples=1000, steps=50):
    """Label-free integrated gradients; batches of the size that is best for PyTorch here."""
    encoder = DenoisingEncoder()
    x = torch.rand(samples, *encoder.shape)
    alphas = (torch.arange(steps) + 0.5) / steps  # the points' places do not change the cost

    def attribute(batch):
        for some in x.split(max(1, batch // steps)):
            with torch.no_grad():
                codes = encoder(some)
            points = (alphas.view(1, steps, 1, 1, 1) * some.unsqueeze(1)).flatten(0, 1)
            points.requires_grad_()
            products = encoder(points) * codes.repeat_interleave(steps, 0)
            (gradients,) = torch.autograd.grad(products.sum(), points)
            gradients.view(len(some), steps, *encoder.shape).mean(1) * some

    best = min(timer.seconds(lambda: attribute(b), 3) for b in (250, 1000, 4000))
    report("attribution", str(samples), "pytorch", samples / best)


def encoder_tracin(timer, tests=1000, timed=10):
    """TracIn of an encoder as published: a pass a sample, a dot product a pair."""
    encoder, decoder = DenoisingEncoder(), DenoisingDecoder()
    parameters = list(encoder.parameters())
    x = torch.rand(timed, *encoder.shape)
    test_gradients = list(torch.randn(tests, sum(p.numel() for p in parameters)))

    def published():
        for sample in x.split(1):
            loss = F.mse_loss(decoder(encoder(sample)), sample)
            gradients = torch.autograd.grad(loss, parameters)
            row = torch.cat([g.flatten() for g in gradients])
            [torch.dot(row, test).item() for test in test_gradients]

    rate = timed / timer.seconds(published, 5)
    report("vae-tracin", f"encoder-{tests}x{tests}", "pytorch-published", rate)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--quick", action="store_true", help="few repeats")
    suites = ["train-step", "vae-tracin", "attribution"]
    parser.add_argument("--suites", nargs="+", default=suites, help="others are none of PyTorch's")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_default_device(arguments.device)
    torch.manual_seed(1)
    timer = Timer(arguments.device, arguments.quick)
    if "train-step" in arguments.suites:
        train_steps(timer, arguments.device)
    if "vae-tracin" in arguments.suites:
        influence(timer, f"256x{TESTS}", MlpVae(128), repeats=7)
        influence(timer, f"conv-1024x{TESTS}", ConvVae(64), repeats=5)
        encoder_tracin(timer)
    if "attribution" in arguments.suites:
        integrated_gradients(timer)


if __name__ == "__main__":
    main()
