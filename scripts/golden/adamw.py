#!/usr/bin/env python3
"""Writes the golden values that the optimizer is tested against: torch's own AdamW and SparseAdam, in float64.

There is one parameter of each kind: weights with weight decay; biases without; the logit scale t' and the bias b, without weight decay
and at a learning rate of their own; and a table of which each step touches some rows. float32 holds all starts and gradients exactly.
The learning rate changes from step to step.

    pip install torch==2.13.0
    scripts/golden/adamw.py job/src/test/resources/golden/adamw.txt

The file: '#' starts a comment; 'key value value ...' gives a key its values, tables row by row; keys of step k end with '.k'.
"""

import argparse
from pathlib import Path

import torch

TORCH = "2.13.0"
SEED = 20260102
STEPS = 6
WEIGHTS, BIASES, ROWS, WIDTH = 5, 3, 7, 4
BETA1, BETA2, EPSILON, DECAY, FACTOR = 0.9, 0.95, 1e-8, 0.1, 10.0
RATES = [0.002, 0.004, 0.004, 0.003, 0.0015, 0.0005]
TOUCHED = [[0, 2, 6], [2, 3], [], [0, 6], [2], [0, 1, 2, 3, 6]]  # rows 4 and 5 never


def exact(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).float().double()


def line(key, values):
    numbers = torch.as_tensor(values, dtype=torch.float64).flatten().tolist()
    return " ".join([key] + [repr(number) for number in numbers])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    if torch.__version__.split("+")[0] != TORCH:
        raise SystemExit(f"torch {torch.__version__} is installed, {TORCH} is wanted")
    torch.manual_seed(SEED)

    weights, biases, scalars, table = (
        torch.nn.Parameter(start)
        for start in (exact(WEIGHTS), exact(BIASES), torch.tensor([2.25, -6.5]).double(), exact(ROWS, WIDTH, scale=0.25))
    )
    adam = {"betas": (BETA1, BETA2), "eps": EPSILON}
    decays = ((weights, DECAY), (biases, 0.0), (scalars, 0.0))
    dense = torch.optim.AdamW([{"params": [values], "weight_decay": decay} for values, decay in decays], **adam)
    sparse = torch.optim.SparseAdam([table], **adam)

    lines = [
        f"# Written by scripts/golden/adamw.py with torch {TORCH}: AdamW and SparseAdam in float64, seed {SEED}.",
        line("settings", [BETA1, BETA2, EPSILON, DECAY, FACTOR]),
        line("rates", RATES),
    ]

    def add_state(step):
        for name, value in (("weights", weights), ("biases", biases), ("scalars", scalars), ("table", table)):
            lines.append(line(f"{name}.{step}", value.detach()))

    add_state(0)
    for step in range(STEPS):
        size = 10.0 ** (step - 4)  # moments of very different sizes
        for group, factor in zip(dense.param_groups, (1.0, 1.0, FACTOR)):
            group["lr"] = RATES[step] * factor
        sparse.param_groups[0]["lr"] = RATES[step]
        weights.grad, biases.grad, scalars.grad = exact(WEIGHTS, scale=size), exact(BIASES, scale=size), exact(2, scale=size)
        values = exact(len(TOUCHED[step]), WIDTH, scale=size)
        table.grad = torch.sparse_coo_tensor(torch.tensor([TOUCHED[step]], dtype=torch.long), values, (ROWS, WIDTH))
        for name, gradient in (("weights", weights.grad), ("biases", biases.grad), ("scalars", scalars.grad)):
            lines.append(line(f"{name}_gradient.{step}", gradient))
        lines.append(line(f"touched.{step}", TOUCHED[step]))
        lines.append(line(f"touched_gradient.{step}", values))
        dense.step()
        sparse.step()
        add_state(step + 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
