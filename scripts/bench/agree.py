#!/usr/bin/env python3
"""Compares runs with their twins: loss curves step by step, and retrieval against the spread of the twin's seeds.

    scripts/bench/agree.py --runs RUN... --twins TWIN.json...

Ends with code 1 if a curve or a final figure lies outside its target.
"""

import argparse
import json
import statistics
from pathlib import Path

import steps

CURVE_STEPS = 200
CURVE_TARGET = 1e-3


def curves(runs: list[Path], twins: dict[int, dict]) -> bool:
    """Largest relative difference of the losses of each run and the twin with its start; whether all are within the target."""
    print(f"Loss, relative difference to the twin of equal seed (target: {CURVE_TARGET:g} over the first {CURVE_STEPS} steps)")
    print(f"{'seed':>4} {'arm':<8} {'largest':>9} {'at step':>8} {'median':>9} {'largest of all steps':>21}")
    good = True
    for run in runs:
        seed = steps.metrics(run)["run"]["seed"]
        for name, arm in steps.steps(run).items():
            theirs = twins[seed]["arms"][name]["loss"]
            differences = [abs(float(step["loss"]) - theirs[step["step"]]) / theirs[step["step"]] for step in arm]
            first = differences[:CURVE_STEPS]
            largest = max(first)
            good &= largest <= CURVE_TARGET
            print(
                f"{seed:>4} {name:<8} {largest:>9.1e} {first.index(largest):>8} {statistics.median(first):>9.1e}"
                f" {max(differences):>21.1e}"
            )
    return good


def retrieval(runs: list[Path], twins: dict[int, dict]) -> bool:
    """Final retrieval beside the twin's; whether image to text R@1 on seen concepts lies within the twin's spread."""
    print(f"\nFinal retrieval in percent, beside {len(twins)} seeds of the twin")
    print(f"{'arm':<8} {'set':<7} {'direction':<14} {'at':>4} {'mean':>6} {'min':>6} {'max':>6} {'sd':>5}  ours, by seed")
    good = True
    results = [steps.metrics(run) for run in runs]
    first = next(iter(twins.values()))
    for name, arm in first["arms"].items():
        for held_out, ways in arm["retrieval"].items():
            for way in ways:
                for k in ("r1", "r5"):
                    theirs = [100 * twin["arms"][name]["retrieval"][held_out][way][k] for twin in twins.values()]
                    ours = [100 * final(result, name, held_out)[way][k] for result in results]
                    inside = all(min(theirs) <= value <= max(theirs) for value in ours)
                    target = k == "r1" and way == "image_to_text" and held_out == "seen"
                    good &= inside or not target
                    deviation = statistics.stdev(theirs) if len(theirs) > 1 else 0
                    print(
                        f"{name:<8} {held_out:<7} {way:<14} {'R@' + k[1:]:>4} {statistics.fmean(theirs):>6.2f} {min(theirs):>6.2f}"
                        f" {max(theirs):>6.2f} {deviation:>5.2f}  {' '.join(f'{value:.2f}' for value in ours)}"
                        f"{'' if inside else '  (outside)'}"
                    )
    return good


def final(result: dict, arm: str, held_out: str) -> dict:
    return next(each for each in result["arms"] if each["name"] == arm)["retrieval"][held_out]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of our runs")
    parser.add_argument("--twins", type=Path, nargs="+", required=True, help="what twin.py wrote, one a seed")
    options = parser.parse_args()
    twins = {twin["seed"]: twin for twin in (json.loads(path.read_text()) for path in options.twins)}
    agree = curves(options.runs, twins) & retrieval(options.runs, twins)
    print("\nBoth targets are met." if agree else "\nA target is missed.")
    raise SystemExit(0 if agree else 1)


if __name__ == "__main__":
    main()
