#!/usr/bin/env python3
"""Compares runs with their twins: loss curves step by step, and retrieval against the spread of the twin's seeds.

    scripts/bench/agree.py --runs RUN... --twins TWIN.json... [--controls TWIN.json...]

It ends with code 1 if a curve or a final figure is outside its target.
"""

import argparse
import json
import statistics
from pathlib import Path

import steps

CURVE_STEPS = 200
CURVE_TARGET = 1e-3


def curves(runs: list[Path], twins: dict[int, dict], controls: dict[int, dict]) -> bool:
    """Prints how far each run is from its twin, and the twin from itself with reversed batches; returns whether all runs meet the target."""
    print(f"Loss against the twin of equal seed: largest relative difference of the first {CURVE_STEPS} steps (target {CURVE_TARGET:g}),")
    print("steps within the target. Control: the same between the twin and itself with the rows of each batch reversed")
    print(f"{'seed':>4} {'arm':<8} {'largest':>9} {'steps':>6} {'control':>9} {'steps':>6}")
    good = True
    for run in runs:
        seed = steps.metrics(run)["run"]["seed"]
        for name, arm in steps.steps(run).items():
            theirs = twins[seed]["arms"][name]["loss"]
            largest, within = distance([float(step["loss"]) for step in arm], theirs)
            good &= largest <= CURVE_TARGET
            control = f"{'-':>9} {'-':>6}"
            if seed in controls:
                control = "{:>9.1e} {:>6}".format(*distance(controls[seed]["arms"][name]["loss"], theirs))
            print(f"{seed:>4} {name:<8} {largest:>9.1e} {within:>6} {control}")
    return good


def distance(losses: list[float], others: list[float]) -> tuple[float, int]:
    """Largest relative difference, and the number of steps before one passes the target."""
    differences = [abs(a - b) / b for a, b in zip(losses[:CURVE_STEPS], others)]
    beyond = (step for step, difference in enumerate(differences) if difference > CURVE_TARGET)
    return max(differences), next(beyond, len(differences))


def retrieval(runs: list[Path], twins: dict[int, dict]) -> bool:
    """Prints the final retrieval; returns whether the first run's image to text R@1 on seen concepts is within the twin's range."""
    print(f"\nFinal retrieval in percent, beside {len(twins)} seeds of the twin")
    print(f"{'arm':<8} {'set':<7} {'direction':<14} {'at':>4} {'mean':>6} {'min':>6} {'max':>6} {'sd':>5} | ours: {'mean':>6}  by seed")
    good = True
    results = [{arm["name"]: arm["retrieval"] for arm in steps.metrics(run)["arms"]} for run in runs]
    first = next(iter(twins.values()))
    for name, arm in first["arms"].items():
        for held_out, ways in arm["retrieval"].items():
            for way in ways:
                for k in ("r1", "r5"):
                    theirs = [100 * twin["arms"][name]["retrieval"][held_out][way][k] for twin in twins.values()]
                    ours = [100 * result[name][held_out][way][k] for result in results]
                    inside = min(theirs) <= ours[0] <= max(theirs)
                    target = k == "r1" and way == "image_to_text" and held_out == "seen"
                    good &= inside or not target
                    deviation = statistics.stdev(theirs) if len(theirs) > 1 else 0
                    print(
                        f"{name:<8} {held_out:<7} {way:<14} {'R@' + k[1:]:>4} {statistics.fmean(theirs):>6.2f} {min(theirs):>6.2f}"
                        f" {max(theirs):>6.2f} {deviation:>5.2f} |       {statistics.fmean(ours):>6.2f}  {' '.join(f'{value:.2f}' for value in ours)}"
                        f"{'' if inside else '  (the first is outside)'}"
                    )
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of our runs; the target for retrieval applies to the first")
    parser.add_argument("--twins", type=Path, nargs="+", required=True, help="what twin.py wrote, one file per seed")
    parser.add_argument("--controls", type=Path, nargs="*", default=[], help="the same, with reversed batches")
    options = parser.parse_args()
    twins, controls = by_seed(options.twins), by_seed(options.controls)
    targets = {"loss": curves(options.runs, twins, controls)}
    if len(twins) > 1:
        targets["image to text R@1 on seen concepts"] = retrieval(options.runs, twins)
    for name, met in targets.items():
        print(f"Target for {name}: {'met' if met else 'MISSED'}")
    raise SystemExit(0 if all(targets.values()) else 1)


def by_seed(files: list[Path]) -> dict[int, dict]:
    return {twin["seed"]: twin for twin in (json.loads(path.read_text()) for path in files)}


if __name__ == "__main__":
    main()
