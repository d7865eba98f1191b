#!/usr/bin/env python3
"""Prints what scripts/bench/scaling has measured: pairs per second of each layout, and the ratio to the first layout."""

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
    parser.add_argument("--layouts", nargs="+", required=True, help="ranks x cores of a rank")
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    print("Pairs per second: median over the rounds of the median step, lowest and highest round; ratio to the first layout, of each round")
    print(f"{'batch':>5} {'arm':<8} {'ranks x cores':>13} {'pairs/s':>24} {'ratio':>6}  by round")
    for batch in options.batches:
        measured = {}
        for layout in options.layouts:
            runs = [options.folder / f"batch-{batch}-layout-{layout}-round-{round + 1}" for round in range(options.rounds)]
            measured[layout] = [rates(run, batch) for run in runs]
        for arm in measured[options.layouts[0]][0]:
            base = [rate[arm] for rate in measured[options.layouts[0]]]
            for layout in options.layouts:
                these = [rate[arm] for rate in measured[layout]]
                ratio = statistics.median(these) / statistics.median(base)
                by_round = steps.shown(steps.ratios(these, base))
                print(f"{batch:>5} {arm:<8} {layout:>13} {steps.spread(these):>24} {ratio:>6.2f}  {by_round}")
    steps.print_facts(runs[-1])


if __name__ == "__main__":
    main()
