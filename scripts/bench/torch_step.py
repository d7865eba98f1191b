#!/usr/bin/env python3
"""Trains an exported run in PyTorch, over gloo, as a user of open_clip would: the other side of scripts/bench/step.

    scripts/run-local export --out EXPORT
    scripts/bench/torch_step.py EXPORT --processes 2 --out torch.json

Each rank is a process with one thread, bound to one core. It uses dense towers, DistributedDataParallel, open_clip's released losses
(SigLipLoss with its bidirectional exchange of neighbours; ClipLoss with local_loss and gather_with_grad, which is exact) and AdamW in the
faster of its fused and foreach forms. bf16 is autocast. The arms take turns step by step, as they do in a run.

It writes one JSON object: for each arm the global loss and the seconds of every step and, with one process, those of the towers' passes.
"""

import argparse
import json
import os
import socket
import time
from pathlib import Path

import numpy
import torch
import torch.distributed as distributed
import torch.multiprocessing as processes
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

import open_clip_loss
import twin


def released_loss(losses, kind: str, rank: int, world: int) -> nn.Module:
    if kind == "sigmoid":
        return losses.SigLipLoss(rank=rank, world_size=world, dist_impl="bidir")
    return losses.ClipLoss(local_loss=True, gather_with_grad=True, cache_labels=True, rank=rank, world_size=world)


def faster_form(arm: dict, model: dict, dense: numpy.ndarray, training: dict) -> str:
    """The form of AdamW that takes less time for these parameters."""
    seconds = {}
    for form in ("fused", "foreach"):
        trial = twin.Model(arm, model, dense, torch.float32)
        steps = trial.adamw(training, **{form: True})
        for parameter in trial.parameters():
            parameter.grad = torch.full_like(parameter, 1e-3)
        times = []
        for _ in range(12):
            start = time.perf_counter()
            steps.step()
            times.append(time.perf_counter() - start)
        seconds[form] = min(times)
    return min(seconds, key=seconds.get)


class Model(twin.Model):
    """Computes everything that a loss takes in one pass, as DistributedDataParallel requires."""

    def forward(self, images: Tensor, texts: Tensor) -> tuple:
        return self.image(images), self.text(texts), *self.scalars()


class Arm:
    def __init__(self, arm: dict, model: dict, dense: numpy.ndarray, training: dict, losses, form: str, rank: int, world: int):
        self.training = training
        self.model = Model(arm, model, dense, torch.float32)
        self.towers = DistributedDataParallel(self.model) if world > 1 else self.model
        self.loss = released_loss(losses, arm["loss"], rank, world)
        self.optimizer = self.model.adamw(training, **{form: True})
        self.parts: list[tuple[float, float]] = []

    def step(self, step: int, images: Tensor, texts: Tensor, bf16: bool) -> Tensor:
        """In one process, times the towers' passes: the graph is cut at the embeddings, which changes no arithmetic."""
        cut = self.towers is self.model
        self.optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            start = time.perf_counter()
            x, y, *scalars = self.towers(images, texts)
            forward = time.perf_counter() - start
            ends = [x.detach().requires_grad_(), y.detach().requires_grad_()] if cut else [x, y]
            loss = self.loss(*ends, *scalars)
        loss.backward()
        if cut:
            start = time.perf_counter()
            torch.autograd.backward([x, y], [end.grad for end in ends])
            self.parts.append((forward, time.perf_counter() - start))
        self.model.update(step, self.training, self.optimizer)
        return loss.detach()


def train(rank: int, options: argparse.Namespace, port: int) -> None:
    world = options.processes
    os.sched_setaffinity(0, {options.cores[rank % len(options.cores)]})
    torch.set_num_threads(1)
    if world > 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
    folder = options.export
    data, model, training = twin.description(folder)
    dense = numpy.fromfile(folder / "dense.f32", dtype="<f4")
    pairs = twin.Pairs(folder, "train", data["trainRows"], data, torch.float32)
    order = numpy.fromfile(folder / "order.i32", dtype="<i4").reshape(-1, data["batchSize"]).astype(numpy.int64)
    size = data["batchSize"]
    mine = order[: options.steps, rank * size // world : (rank + 1) * size // world]
    losses = open_clip_loss.load(options.open_clip_loss)
    form = faster_form(training["arms"][0], model, dense, training | training["arms"][0])
    if world > 1:
        agreed = [form]
        distributed.broadcast_object_list(agreed)
        form = agreed[0]
    arms = {each["name"]: Arm(each, model, dense, training | each, losses, form, rank, world) for each in training["arms"]}
    result = {name: {"loss": [], "seconds": []} for name in arms}
    for step, rows in enumerate(mine):
        for name, arm in arms.items():
            if world > 1:
                distributed.barrier()
            start = time.perf_counter()
            images, texts = pairs.images[rows], pairs.texts[rows]
            loss = arm.step(step, images, texts, options.precision == "bf16")
            if world > 1:
                distributed.barrier()
            result[name]["seconds"].append(time.perf_counter() - start)
            loss = loss.float()
            if world > 1:
                distributed.all_reduce(loss)
            result[name]["loss"].append(loss.item() / world)
            if world == 1:
                result[name]["forward"], result[name]["backward"] = map(list, zip(*arm.parts))
    if rank == 0:
        facts = {"torch": torch.__version__, "precision": options.precision, "adamw": form, "processes": world, "batch": size}
        options.out.write_text(json.dumps(facts | {"arms": result}))
    if world > 1:
        distributed.barrier()
        os._exit(0)  # everything is written, and an orderly end of gloo's threads sometimes aborts the process


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def check(folder: Path) -> None:
    data, model, training = twin.description(folder)
    if not data["textWidth"] or model["tableRows"]:
        raise SystemExit("Cannot time this run: texts must be features, not tokens")
    if any(model[tower]["inputDropout"] for tower in ("image", "text")):
        raise SystemExit("Cannot time this run: it has input dropout, whose hash PyTorch does not have")
    if any(arm["duplicates"] != "ignore" or "clipNorm" in arm or "precision" in arm for arm in training["arms"]):
        raise SystemExit("Cannot time this run: loss.duplicates must be ignore, training.clip-norm null, and no arm may have a precision of its own")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path, help="folder that 'export' wrote")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cores", type=int, nargs="+", default=[0, 1], help="one for each process")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    parser.add_argument("--steps", type=int, help="stop after this many (default: all of the run)")
    parser.add_argument("--open-clip-loss", type=Path, help="open_clip's loss.py (default: that of the installed open_clip_torch)")
    options = parser.parse_args()
    check(options.export)
    processes.spawn(train, args=(options, free_port()), nprocs=options.processes)


if __name__ == "__main__":
    main()
