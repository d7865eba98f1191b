#!/usr/bin/env python3
"""Prints what scripts/bench/scaling has measured: pairs per second of one and of two ranks, and their ratio."""

import argparse
import statistics
from pathlib import Path

import steps


def rates(run: Path, batch: int) -> dict[str, float]:
    """Pairs per second of each arm, and of both as they take turns."""
    medians = {name: steps.seconds(arm) for name, arm in steps.steps(run).items()}
    return {name: batch / time for name, time in medians.items()} | {"both": batch * len(medians) / sum(medians.values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--batches", type=int, nargs="+", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    print("Pairs per second: median over the rounds of the median step, lowest and highest round; ratio of the medians, of each round")
    print(f"{'batch':>5} {'arm':<8} {'1 rank, 1 core':>24} {'2 ranks, 2 cores':>24} {'ratio':>6}  by round")
    last = {}
    for batch in options.batches:
        runs = {
            ranks: [options.folder / f"batch-{batch}-ranks-{ranks}-round-{round + 1}" for round in range(options.rounds)]
            for ranks in (1, 2)
        }
        measured = {ranks: [rates(run, batch) for run in folders] for ranks, folders in runs.items()}
        last = steps.metrics(runs[2][-1])
        for arm in measured[1][0]:
            one, two = ([rate[arm] for rate in measured[ranks]] for ranks in (1, 2))
            ratios = " ".join(f"{b / a:.2f}" for a, b in zip(one, two))
            ratio = statistics.median(two) / statistics.median(one)
            print(f"{batch:>5} {arm:<8} {spread(one):>24} {spread(two):>24} {ratio:>6.2f}  {ratios}")
    for fact in ("environment", "numerics"):
        print(f"{fact}: " + "; ".join(f"{key} {value}" for key, value in last[fact].items()))


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"


if __name__ == "__main__":
    main()
