#!/usr/bin/env python3
"""Trains the twin of a run in PyTorch with open_clip's own losses: same start, same batches, same dropout, same optimizer.

    scripts/run-local export --out EXPORT
    scripts/bench/twin.py EXPORT --out twin.json

It writes one JSON object: for each arm the loss at every step, and the retrieval on the held-out rows after the last one.
"""

import argparse
import json
import math
from pathlib import Path
from types import ModuleType

import numpy
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import open_clip_loss

TIE = 1e-6  # similarities closer than this count as equal
RANKS = (1, 5, 10)
IMAGE, TEXT = 1, 2  # towers, as keys of the dropout
GAMMA = 0x9E3779B97F4A7C15
ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": lambda x: x * torch.sigmoid(1.702 * x),  # DL4J's
    "swish": F.silu,
    "elu": F.elu,
    "softplus": F.softplus,
}


def description(folder: Path) -> tuple[dict, dict, dict]:
    """What an export says about data, model and training."""
    data, model, training = (json.loads((folder / name).read_text()) for name in ("data.json", "model.json", "training.json"))
    for arm in training["arms"]:
        if arm["loss"] not in ("sigmoid", "softmax") or arm["options"]:
            raise SystemExit(f"Cannot make a twin of arm {arm['name']}: this program has the sigmoid and softmax losses of open_clip, without options")
        if arm["optimizer"] != "adamw":
            raise SystemExit(f"Cannot make a twin of a run with the optimizer {arm['optimizer']}: this program has adamw")
        if any(arm[tower] != {"learningRateFactor": 1.0, "weightDecay": True} for tower in ("image", "text")):
            raise SystemExit("Cannot make a twin of a run with towers.*.start, learning-rate-factor or weight-decay of a tower")
    if data["trainTexts"] != data["trainRows"]:
        raise SystemExit("Cannot make a twin of a run on images with several texts: this program takes one each")
    return data, model, training


class Pairs:
    """One exported set of pairs: scaled image features, bags of tokens or text features, concept ids."""

    def __init__(self, folder: Path, name: str, rows: int, data: dict, dtype: torch.dtype):
        def array(what: str, kind: str) -> numpy.ndarray:
            return numpy.fromfile(folder / f"{name}-{what}", dtype=kind)

        self.images = torch.from_numpy(array("images.f32", "<f4")).reshape(-1, data["imageWidth"])[:rows].to(dtype)
        self.concepts = array("concepts.i32", "<i4")[:rows]
        self.tokens = self.starts = None
        if data["textWidth"]:
            self.texts = torch.from_numpy(array("texts.f32", "<f4")).reshape(-1, data["textWidth"])[:rows].to(dtype)
        else:
            self.tokens, self.starts = array("tokens.i32", "<i4"), array("starts.i32", "<i4")

    def bag(self, row: int, keywords: int) -> numpy.ndarray:
        return self.tokens[self.starts[2 * row] : self.starts[2 * row + 1 + keywords]]

    def text_bytes(self, row: int) -> bytes:
        return (self.bag(row, 0) if self.tokens is not None else self.texts[row].numpy()).tobytes()


class Tower(nn.Module):
    """A chain of dense layers with dropout of its inputs; its output rows have length 1."""

    def __init__(self, description: dict, key: int, dense: numpy.ndarray, dtype: torch.dtype):
        super().__init__()
        self.key, self.share = key, description["inputDropout"]
        self.matrices, self.biases, self.layers = nn.ParameterList(), nn.ParameterList(), []
        for layer in description["layers"]:
            weights, (out, width) = layer["weights"], (layer["out"], layer["in"])
            self.matrices.append(parameter(dense[weights : weights + out * width].reshape(out, width), dtype))
            if "bias" in layer:
                self.biases.append(parameter(dense[layer["bias"] : layer["bias"] + out], dtype))
            self.layers.append((self.matrices[-1], self.biases[-1] if "bias" in layer else None, layer["activation"]))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x if mask is None else x * mask
        for matrix, bias, activation in self.layers:
            x = ACTIVATIONS[activation](F.linear(x, matrix, bias))
        return F.normalize(x, dim=-1)

    def mask(self, seed: int, step: int, ids: numpy.ndarray, width: int, dtype: torch.dtype) -> Tensor | None:
        """What the run's own dropout multiplies the inputs by: a hash of seed, step, row id and tower."""
        if self.share == 0:
            return None
        start = mix(mix(numpy.array([seed + self.key * GAMMA & 0xFFFFFFFFFFFFFFFF], dtype=numpy.uint64)) + numpy.uint64(step))
        keys = mix(start + ids.astype(numpy.uint64))
        counts = numpy.arange(1, (width + 1) // 2 + 1, dtype=numpy.uint64) * numpy.uint64(GAMMA)
        halves = mix(keys[:, None] + counts[None, :]).astype("<u8").view("<u4")[:, :width]
        kept = halves >= numpy.uint64(round(self.share * 2**32))
        return torch.from_numpy(kept).to(dtype) * torch.tensor(1 / (1 - self.share), dtype=dtype)


def mix(z: numpy.ndarray) -> numpy.ndarray:
    """SplitMix64's output function; wraps at 64 bits."""
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def parameter(values, dtype: torch.dtype) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values, dtype=dtype))


class Model(nn.Module):
    """Both towers and the scalars of one arm, from the exported start."""

    def __init__(self, arm: dict, model: dict, dense: numpy.ndarray, dtype: torch.dtype):
        super().__init__()
        self.image = Tower(model["image"], IMAGE, dense, dtype)
        self.text = Tower(model["text"], TEXT, dense, dtype)
        self.log_scale = parameter(math.log(arm["scale"]), dtype)
        self.bias = parameter(float(arm["bias"]), dtype) if arm["loss"] == "sigmoid" else None

    def scalars(self) -> tuple[Tensor, ...]:
        """What a loss of open_clip takes after the embeddings."""
        return (self.log_scale.exp(),) if self.bias is None else (self.log_scale.exp(), self.bias)

    def adamw(self, training: dict, **form: bool) -> torch.optim.AdamW:
        def group(parameters: list, decay: float = 0, factor: float = 1) -> dict:
            return {"params": parameters, "weight_decay": decay, "factor": factor}

        towers = (self.image, self.text)
        groups = [
            group([matrix for tower in towers for matrix in tower.matrices], decay=training["weightDecay"]),
            group([bias for tower in towers for bias in tower.biases]),
            group([self.log_scale] + ([] if self.bias is None else [self.bias]), factor=training["scalarLearningRateFactor"]),
        ]
        return torch.optim.AdamW(groups, **adam(training), **form)

    def update(self, step: int, training: dict, *optimizers: torch.optim.Optimizer) -> None:
        rate = learning_rate(training, step)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * group.get("factor", 1)
            optimizer.step()
        with torch.no_grad():
            self.log_scale.clamp_(0, math.log(training["maxScale"]))


def adam(training: dict) -> dict:
    return {"betas": (training["beta1"], training["beta2"]), "eps": training["epsilon"]}


class Arm:
    """One model with its loss and its optimizers."""

    def __init__(self, arm: dict, losses: ModuleType, model: dict, training: dict, folder: Path, dtype: torch.dtype):
        self.training, self.dtype = training, dtype
        self.model = Model(arm, model, numpy.fromfile(folder / "dense.f32", dtype="<f4"), dtype)
        self.image, self.text = self.model.image, self.model.text
        self.loss = losses.ClipLoss() if self.model.bias is None else losses.SigLipLoss()
        self.optimizers = [self.model.adamw(training)]
        self.table = None
        if model["tableRows"]:
            table = numpy.fromfile(folder / "table.f32", dtype="<f4").reshape(model["tableRows"], model["tableWidth"])
            self.table = parameter(table, dtype)
            self.optimizers.append(torch.optim.SparseAdam([self.table], **adam(training)))

    def texts(self, pairs: Pairs, ids: numpy.ndarray, keywords: numpy.ndarray) -> Tensor:
        """The input of the text tower: the sums of the bags' table rows, or the features."""
        if self.table is None:
            return pairs.texts[ids]
        bags = [pairs.bag(row, keyword) for row, keyword in zip(ids, keywords)]
        offsets = numpy.cumsum([0] + [len(bag) for bag in bags[:-1]])
        tokens = torch.from_numpy(numpy.concatenate(bags).astype(numpy.int64))
        return F.embedding_bag(tokens, self.table, torch.from_numpy(offsets), mode="sum", sparse=True)

    def step(self, step: int, pairs: Pairs, ids: numpy.ndarray, keywords: numpy.ndarray, seed: int) -> float:
        images, texts = pairs.images[ids], self.texts(pairs, ids, keywords)
        x = self.image(images, self.image.mask(seed, step, ids, images.shape[1], self.dtype))
        y = self.text(texts, self.text.mask(seed, step, ids, texts.shape[1], self.dtype))
        loss = self.loss(x, y, *self.model.scalars())
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss.backward()
        self.model.update(step, self.training, *self.optimizers)
        return loss.item()

    @torch.no_grad()
    def evaluate(self, pairs: Pairs) -> dict:
        """Retrieval in both directions between distinct images and distinct captions."""
        images = distinct(pairs, lambda row: pairs.images[row].numpy().tobytes())
        texts = distinct(pairs, pairs.text_bytes)
        x = self.image(pairs.images[images])
        y = self.text(self.texts(pairs, texts, numpy.zeros(len(texts), dtype=int)))
        own, others = pairs.concepts[images], pairs.concepts[texts]
        return {"image_to_text": retrieval(x, y, own, others), "text_to_image": retrieval(y, x, others, own)}


def learning_rate(training: dict, step: int) -> float:
    """Linear warm-up, then half a cosine."""
    peak, warmup = training["learningRate"], training["warmupSteps"]
    if step < warmup:
        return peak * (step + 1) / warmup
    done = min(1, (step - warmup) / max(1, training["steps"] - warmup))
    low = training["finalLearningRate"]
    return peak * (low + (1 - low) * (1 + math.cos(math.pi * done)) / 2)


def distinct(pairs: Pairs, content) -> numpy.ndarray:
    """The first row for each pair of concept and content."""
    first: dict[tuple[int, bytes], int] = {}
    for row, concept in enumerate(pairs.concepts):
        first.setdefault((int(concept), content(row)), row)
    return numpy.array(sorted(first.values()), dtype=numpy.int64)


def retrieval(queries: Tensor, candidates: Tensor, concepts: numpy.ndarray, others: numpy.ndarray) -> dict:
    """Share of queries with a candidate of their concept among the first k, ties by the expected rank."""
    similarity = (queries @ candidates.T).double()
    right = torch.from_numpy(concepts[:, None] == others[None, :])
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    nearer = ((similarity > best + TIE) & ~right).sum(1).tolist()
    tied = (similarity >= best - TIE) & (similarity <= best + TIE)
    wrong, level = (tied & ~right).sum(1).tolist(), (tied & right).sum(1).tolist()
    found = {k: sum(chance(k - n, w, r) for n, w, r in zip(nearer, wrong, level)) / len(concepts) for k in RANKS}
    return {"queries": len(concepts), **{f"r{k}": share for k, share in found.items()}}


def chance(places: int, wrong: int, right: int) -> float:
    """The chance that a random order has one of the right ones in the first places."""
    if places <= 0 or right == 0:
        return 0.0
    return 1 - math.comb(wrong, places) / math.comb(wrong + right, places) if places <= wrong else 1.0


def train(folder: Path, losses: ModuleType, dtype: torch.dtype, most: int, stride: int) -> dict:
    data, model, training = description(folder)
    if any(arm["duplicates"] != "ignore" or "clipNorm" in arm or "precision" in arm for arm in training["arms"]):
        raise SystemExit("Cannot train a twin with loss.duplicates other than ignore, with training.clip-norm, or with an arm of its own precision")
    pairs = Pairs(folder, "train", data["trainRows"], data, dtype)
    order = numpy.fromfile(folder / "order.i32", dtype="<i4").reshape(-1, data["batchSize"]).astype(numpy.int64)
    keywords = numpy.fromfile(folder / "keywords.u8", dtype="u1").reshape(order.shape)
    order, keywords = order[:most, ::stride].copy(), keywords[:most, ::stride].copy()
    rows = {name: data[f"{name}Rows"] for name in ("seen", "unseen", "held_out") if data.get(f"{name}Rows")}
    held_out = {name: Pairs(folder, name, count, data, dtype) for name, count in rows.items()}
    arms = {}
    for each in training["arms"]:
        arm = Arm(each, losses, model, training | each, folder, dtype)
        curve = [arm.step(step, pairs, order[step], keywords[step], data["seed"]) for step in range(len(order))]
        arms[each["name"]] = {
            "loss": curve,
            "scale": arm.model.log_scale.exp().item(),
            "bias": 0 if arm.model.bias is None else arm.model.bias.item(),
            "retrieval": {name: arm.evaluate(rows) for name, rows in held_out.items()},
        }
    return {"seed": data["seed"], "torch": torch.__version__, "precision": str(dtype).split(".")[-1], "arms": arms}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path, help="folder that 'export' wrote")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--open-clip-loss", type=Path, help="open_clip's loss.py (default: that of the installed open_clip_torch)")
    parser.add_argument("--precision", choices=("float32", "float64"), default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop after this many (default: all of the run)")
    parser.add_argument("--reversed", action="store_true", help="reverse the rows of each batch: same mathematics, other rounding errors")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    losses, dtype = open_clip_loss.load(options.open_clip_loss), getattr(torch, options.precision)
    result = train(options.export, losses, dtype, options.steps, -1 if options.reversed else 1)
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
