#!/usr/bin/env python3
"""Prints what checkpoints cost, from the steps of runs with and without them.

    scripts/bench/checkpoints.py EVERY FOLDER

Between runs: the time of all steps with checkpoints over that without, for each pair of neighbouring runs. Within a run: how much
longer the 30 steps after each checkpoint took than the rest until the next one, so that a slow minute of the machine hits both.
A step is one of all arms together; the first 100 are left out as warm-up.
"""

import statistics
import sys
from pathlib import Path

import steps

WARMUP = 100
AFTER = 30


def seconds(run: Path) -> list[float]:
    """Seconds of each step, all arms together."""
    return [sum(step["seconds"] for step in arms) for arms in zip(*steps.steps(run).values())]


def late(times: list[float], every: int) -> list[float]:
    """For each checkpoint, the share by which it lengthens the steps until the next."""
    shares = []
    for start in range(max(every, WARMUP), len(times) - every + 1, every):
        window = times[start : start + every]
        after = min(AFTER, every // 3)
        shares.append(sum(window[:after]) / statistics.mean(window[after:]) / every - after / every)
    return shares


def main() -> None:
    every, folder = int(sys.argv[1]), Path(sys.argv[2])
    ratios, within, without = [], [], []
    for off in sorted(folder.glob("*-every-0")):
        on = folder / off.name.replace("-every-0", f"-every-{every}")
        base, checked = seconds(off), seconds(on)
        ratios.append(sum(checked[WARMUP:]) / sum(base[WARMUP:]) - 1)
        within += late(checked, every)
        without += late(base, every)
        means = [1e3 * statistics.mean(times[WARMUP:]) for times in (base, checked)]
        print(f"{off.name}: {means[0]:.1f} ms a step; {on.name}: {means[1]:.1f} ms")
    print("between runs: " + ", ".join(f"{100 * ratio:+.1f} %" for ratio in ratios))
    for name, shares in (("with checkpoints", within), ("without, at the same steps", without)):
        median, mean = (100 * average(shares) for average in (statistics.median, statistics.mean))
        print(f"within runs {name}: median {median:+.2f} %, mean {mean:+.2f} % of a step ({len(shares)} windows of {every} steps)")


if __name__ == "__main__":
    main()
