"""Computes and times open_clip's losses on one thread, as scripts/bench/loss asks: it answers each line of input with one line.

    check LOSS FORM PRECISION N             loss and gradients, divided by N
    time LOSS FORM PRECISION N SECONDS      shortest processor time of a forward and backward pass, in milliseconds

LOSS is sigmoid or softmax. FORM is eager or compiled (the released SigLipLoss and ClipLoss), or chunked (the sigmoid loss in plain
PyTorch, 512 rows at a time). PRECISION is fp32, or bf16 for autocast.
"""

import os
import sys
import time

import torch
import torch.nn.functional as F

import open_clip_loss

DIM = 512
ROWS = 512
SCALE = 10.0
BIAS = -10.0


class Case:
    """One loss in one form on one batch. It leaves the gradients on its tensors."""

    def __init__(self, folder, loss, form, precision, n):
        values = torch.from_file(os.path.join(folder, f"{n}.f32"), size=2 * n * DIM, dtype=torch.float32).clone()
        self.images = values[: n * DIM].view(n, DIM).requires_grad_()
        self.texts = values[n * DIM :].view(n, DIM).requires_grad_()
        self.log_scale = torch.tensor(SCALE).log().requires_grad_()
        self.bias = torch.tensor(BIAS, requires_grad=True)
        self.softmax = loss == "softmax"
        self.chunked = form == "chunked"
        self.bf16 = precision == "bf16"
        if self.chunked and self.softmax:
            raise RuntimeError("there is no chunked form of the softmax loss")
        losses = open_clip_loss.load()
        module = losses.ClipLoss(cache_labels=True) if self.softmax else losses.SigLipLoss()
        self.module = torch.compile(module) if form == "compiled" else module

    def run(self):
        for tensor in (self.images, self.texts, self.log_scale, self.bias):
            tensor.grad = None
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            if self.chunked:
                return self.run_in_chunks()
            loss = self.module(self.images, self.texts, self.log_scale.exp(), *(() if self.softmax else (self.bias,)))
        loss.backward()
        return loss.item()

    def run_in_chunks(self):
        """Holds only one chunk's logits at a time: each chunk passes back before the next one starts."""
        total = 0.0
        n = len(self.images)
        for first in range(0, n, ROWS):
            logits = self.log_scale.exp() * (self.images[first : first + ROWS] @ self.texts.T) + self.bias
            own = logits.diagonal(first)
            loss = (F.softplus(logits).sum() - own.sum()) / n  # softplus(l) - l = softplus(-l)
            loss.backward()
            total += loss.item()
        return total

    def numbers(self):
        loss = self.run()
        return {
            "loss": loss,
            "d_log_scale": self.log_scale.grad.item(),
            "d_bias": 0.0 if self.softmax else self.bias.grad.item(),
            "image_gradient_norm": self.images.grad.double().norm().item(),
            "text_gradient_norm": self.texts.grad.double().norm().item(),
        }

    def milliseconds(self, seconds):
        self.run()
        times = []
        start = time.monotonic()
        while len(times) < 3 or (time.monotonic() - start < seconds and len(times) < 1000):
            before = time.process_time()
            self.run()
            times.append(1e3 * (time.process_time() - before))
        return {"cpu": min(times), "runs": len(times)}


def answer(folder, words):
    case = Case(folder, words[1], words[2], words[3], int(words[4]))
    return case.numbers() if words[0] == "check" else case.milliseconds(float(words[5]))


def main():
    torch.set_num_threads(1)
    for line in sys.stdin:
        try:
            numbers = answer(sys.argv[1], line.split())
            print(" ".join(f"{name}={value!r}" for name, value in numbers.items()), flush=True)
        except Exception as e:  # the benchmark shows the reason and goes on
            reason = str(e).strip().splitlines()
            print(f"failed {type(e).__name__}: {reason[0] if reason else ''}", flush=True)


if __name__ == "__main__":
    main()
