#!/usr/bin/env python3
"""Compares the results of scripts/bench/step: first the losses, then the pairs per second of both sides and their ratio."""

import argparse
import json
import statistics
from pathlib import Path

import steps

# Largest relative difference of the loss. At the first step only sums round differently in fp32; in bf16 autocast rounds the logits, too,
# by 2^-9 of about 10 each. The later steps show that gradients and optimizer agree; each may amplify a difference.
FIRST = {"fp32": 1e-5, "bf16": 1e-2}
LATER = {"fp32": 1e-4, "bf16": 1e-2}
CHECKED = 5


def check(ours: list[dict], theirs: list[float], precision: str) -> float:
    """The difference at the first step; an error if the two sides do not compute the same."""
    differences = [abs(step["loss"] - loss) / loss for step, loss in zip(ours[:CHECKED], theirs)]
    if len(differences) < CHECKED or differences[0] > FIRST[precision] or max(differences) > LATER[precision]:
        shown = ", ".join(f"{difference:.1e}" for difference in differences)
        raise SystemExit(f"step: the losses of the first {CHECKED} steps differ by {shown}, relative: nothing to compare")
    return differences[0]


def end_to_end(folder: Path, precisions: list[str], rounds: int) -> None:
    print("\nEnd to end, pairs per second: median over rounds of the median step (lowest-highest); ratio of each round, and their median")
    print(f"{'':<5} {'arm':<8} {'two ranks of one core':>24} {'torch, gloo, 2 x 1 thread':>26} {'ratio':>6}  {'by round':<16} loss differs by")
    for precision in precisions:
        runs = [folder / f"ours-{precision}-{round + 1}" for round in range(rounds)]
        twins = [json.loads((folder / f"torch-{precision}-{round + 1}.json").read_text()) for round in range(rounds)]
        for arm in twins[0]["arms"]:
            differences, ours, theirs = [], [], []
            for run, other in zip(runs, twins):
                taken = steps.steps(run)[arm]
                differences.append(check(taken, other["arms"][arm]["loss"], precision))
                ours.append(other["batch"] / steps.seconds(taken))
                theirs.append(other["batch"] / statistics.median(steps.warm(other["arms"][arm]["seconds"])))
            ratios = steps.ratios(ours, theirs)
            print(
                f"{precision:<5} {arm:<8} {steps.spread(ours):>24} {steps.spread(theirs):>26} {statistics.median(ratios):>6.2f}"
                f"  {steps.shown(ratios):<16} {max(differences):.1e}"
            )
        print(f"      torch {twins[0]['torch']}, AdamW {twins[0]['adamw']}")


def parts(folder: Path, precisions: list[str], rounds: int) -> None:
    print("\nParts of our step in ms (last round), and the share that is neither towers nor loss")
    print(f"{'':<5} {'arm':<8}{steps.phase_titles()} {'share':>7}")
    for precision in precisions:
        for name, arm in steps.steps(folder / f"ours-{precision}-{rounds}").items():
            means = steps.phases(arm)
            share = 1 - sum(means[phase] for phase in ("forward", "loss", "backward")) / sum(means.values())
            print(f"{precision:<5} {name:<8}{steps.phase_cells(means)} {share:>7.1%}")


def towers(folder: Path, precisions: list[str], rounds: int) -> None:
    print("\nTowers alone, forward and backward on one core within a training of one rank, ms: median of all steps and arms")
    print(f"{'':<5} {'batch':>6} {'ours':>8} {'torch':>8} {'ratio':>6}  by round")
    for precision in precisions:
        ours, theirs = [], []
        for round in range(rounds):
            run = folder / f"towers-ours-{precision}-{round + 1}"
            other = json.loads((folder / f"towers-torch-{precision}-{round + 1}.json").read_text())
            passes, others = [], []
            for name, arm in steps.steps(run).items():
                check(arm, other["arms"][name]["loss"], precision)
                passes += [rank["seconds"]["forward"] + rank["seconds"]["backward"] for step in steps.warm(arm) for rank in step["ranks"]]
                others += steps.warm([f + b for f, b in zip(other["arms"][name]["forward"], other["arms"][name]["backward"])])
            ours.append(1e3 * statistics.median(passes))
            theirs.append(1e3 * statistics.median(others))
        ratios = steps.ratios(theirs, ours)
        medians = f"{statistics.median(ours):>8.2f} {statistics.median(theirs):>8.2f} {statistics.median(ratios):>6.2f}"
        print(f"{precision:<5} {other['batch']:>6} {medians}  {steps.shown(ratios)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--precisions", nargs="+", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    for table in (end_to_end, parts, towers):
        table(options.folder, options.precisions, options.rounds)
    steps.print_facts(options.folder / f"ours-{options.precisions[-1]}-{options.rounds}")


if __name__ == "__main__":
    main()
