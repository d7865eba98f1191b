#!/usr/bin/env python3
"""Writes the golden values that the loss kernels are tested against: open_clip's own losses and their gradients.

Losses and gradients come from SigLipLoss and ClipLoss of open_clip_torch 3.3.0 and the autograd of torch 2.13.0, in float64, on
inputs that float32 holds exactly. With more than one process, the losses talk over gloo, as in training: SigLipLoss passes
texts round (dist_impl "bidir"), and ClipLoss gathers with gradient (local_loss and gather_with_grad, its exact form). Results are
averaged over processes, as DistributedDataParallel does. Label smoothing, which ClipLoss does not have, is torch's cross_entropy on
ClipLoss's logits, in one process. All values have open_clip's scaling: divided by the global batch size.

    pip install torch==2.13.0 open_clip_torch==3.3.0
    scripts/golden/generate.py loss-kernels/src/test/resources/golden/open_clip.txt

The file: '#' starts a comment; 'case NAME' starts a case; 'key value value ...' gives it values, matrices row by row.
"""

import argparse
import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path

import numpy
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F

sys.path.append(str(Path(__file__).parents[1] / "bench"))
import open_clip_loss

VERSIONS = {"torch": "2.13.0", "open_clip_torch": "3.3.0"}
SEED = 20260101

# Cases that several processes compute as well.
DISTRIBUTED = {"start", "matched"}

# name, pairs, dim, row length, log scale, bias
CASES = [
    ("start", 12, 6, 1.0, 2.302585092994046, -10.0),
    ("late", 12, 6, 1.0, 4.7, -12.5),
    ("flat", 12, 6, 1.0, 0.0, 0.0),
    ("matched", 12, 6, 1.0, 4.0, -10.0),
    ("long rows", 11, 5, 1.7, 1.0, -2.0),
    ("wide", 21, 37, 1.0, 3.0, -7.0),
    ("two", 2, 3, 1.0, 2.0, -1.0),
    ("one", 1, 4, 1.0, 2.302585092994046, -10.0),
]
WORLDS = [1, 2, 3, 4]
SMOOTHING = 0.1  # of cases that are smoothed


def inputs(number, pairs, dim, length, matched):
    """Image and text rows of the given length, in float64, rounded to float32. If matched, texts are close to their images."""
    generator = torch.Generator().manual_seed(SEED + number)
    images = torch.randn(pairs, dim, generator=generator, dtype=torch.float64)
    texts = torch.randn(pairs, dim, generator=generator, dtype=torch.float64)
    if matched:
        texts = images + 0.05 * texts
    rows = []
    for x in (images, texts):
        x = length * x / x.norm(dim=1, keepdim=True)
        rows.append(x.to(torch.float32).to(torch.float64))
    return rows


def compute(rank, world, kind, images, texts, log_scale, bias):
    """This process's loss and its gradients with respect to its own rows, t' and b."""
    losses = open_clip_loss.load()
    share = slice(rank * len(images) // world, (rank + 1) * len(images) // world)
    x = images[share].clone().requires_grad_()
    y = texts[share].clone().requires_grad_()
    t = torch.tensor(log_scale, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(bias, dtype=torch.float64, requires_grad=True)
    if kind == "sigmoid":
        loss = losses.SigLipLoss(rank=rank, world_size=world, dist_impl="bidir")(x, y, t.exp(), b)
    elif kind == "smoothed":
        own = torch.arange(len(images))
        both = losses.ClipLoss().get_logits(x, y, t.exp())
        loss = sum(F.cross_entropy(logits, own, label_smoothing=SMOOTHING) for logits in both) / 2
    else:
        loss = losses.ClipLoss(local_loss=True, gather_with_grad=True, rank=rank, world_size=world)(x, y, t.exp())
    loss.backward()
    d_bias = b.grad if b.grad is not None else torch.zeros_like(b)
    return loss.detach(), t.grad, d_bias, x.grad, y.grad


def process(rank, world, kind, arguments, rendezvous, results):
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=world)
    torch.save(compute(rank, world, kind, *arguments), f"{results}/{rank}")
    dist.barrier()
    dist.destroy_process_group()


def global_result(world, kind, arguments):
    """Averages over processes; the gradients of the rows are concatenated."""
    if world == 1:
        parts = [compute(0, 1, kind, *arguments)]
    else:
        with tempfile.TemporaryDirectory() as folder:
            job = (world, kind, arguments, f"{folder}/rendezvous", folder)
            mp.start_processes(process, job, nprocs=world, start_method="fork")
            parts = [torch.load(f"{folder}/{rank}") for rank in range(world)]
    scalars = [sum(part[i] for part in parts) / world for i in range(3)]
    rows = [torch.cat([part[i] for part in parts]) / world for i in (3, 4)]
    return scalars + rows


def line(key, values, digits=repr):
    return f"{key} " + " ".join(digits(float(v)) for v in values.reshape(-1)) + "\n"


def float32_digits(value):
    """The shortest decimal that float32 reads back as the same value."""
    return str(numpy.float32(value))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    output = parser.parse_args().output
    for package, version in VERSIONS.items():
        found = importlib.metadata.version(package).split("+")[0]
        if found != version:
            raise SystemExit(f"Cannot write golden values: {package} is {found}, they are defined by {version}")
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.set_num_threads(1)
    with output.open("w") as file:
        file.write("# Written by scripts/golden/generate.py: open_clip_torch 3.3.0 (SigLipLoss, ClipLoss), torch 2.13.0,\n")
        file.write(f"# float64, seed {SEED}. Scaling is open_clip's: divided by the number of pairs. Do not edit.\n")
        for kinds, worlds in ((("sigmoid", "softmax"), WORLDS), (("smoothed",), [1])):
            for number, (name, pairs, dim, length, log_scale, bias) in enumerate(CASES):
                images, texts = inputs(number, pairs, dim, length, name == "matched")
                for kind in kinds:
                    for world in worlds if name in DISTRIBUTED else [1]:
                        write(file, f"{name}, {kind}, {world} processes", kind, world, images, texts, log_scale, bias)


def write(file, name, kind, world, images, texts, log_scale, bias):
    loss, d_t, d_b, d_x, d_y = global_result(world, kind, (images, texts, log_scale, bias))
    pairs, dim = images.shape
    file.write(f"\ncase {name}\n")
    file.write(f"kind {kind}\nworld {world}\npairs {pairs}\ndim {dim}\n")
    if kind == "smoothed":
        file.write(f"smoothing {SMOOTHING}\n")
    file.write(f"log_scale {log_scale!r}\nbias {bias!r}\n")
    file.write(line("images", images, float32_digits) + line("texts", texts, float32_digits))
    file.write(line("loss", loss) + line("d_log_scale", d_t) + line("d_bias", d_b))
    file.write(line("d_images", d_x) + line("d_texts", d_y))


if __name__ == "__main__":
    main()
