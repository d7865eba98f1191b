#!/usr/bin/env python3
"""Prints the steps of the runs of scripts/bench/aes: medians in milliseconds, and ratios to the plain run of the same round."""

import statistics
import sys
from pathlib import Path

import steps

MODES = ("plain", "authenticated", "ctr", "gcm")


def main() -> None:
    out, rounds = Path(sys.argv[1]), int(sys.argv[2])
    print(f"{'arm':<8} {'connections':<14} {'ms, by round':<30} ratio to plain, by round (median)")
    for arm in ("siglip", "clip"):
        taken = {mode: [steps.seconds(steps.steps(out / f"{mode}-round-{r}")[arm]) for r in range(1, rounds + 1)] for mode in MODES}
        for mode in MODES:
            ratios = steps.ratios(taken[mode], taken["plain"])
            milliseconds = " ".join(f"{1e3 * took:.1f}" for took in taken[mode])
            print(f"{arm:<8} {mode:<14} {milliseconds:<30} {steps.shown(ratios)} ({statistics.median(ratios):.2f})")


if __name__ == "__main__":
    main()
