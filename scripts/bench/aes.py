#!/usr/bin/env python3
"""Steps of the runs of scripts/bench/aes: medians in milliseconds, and the ratio to the plain run of the same round."""

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
            ratios = [took / plain for took, plain in zip(taken[mode], taken["plain"])]
            shown = " ".join(f"{1e3 * took:.1f}" for took in taken[mode])
            print(f"{arm:<8} {mode:<14} {shown:<30} {' '.join(f'{r:.2f}' for r in ratios)} ({statistics.median(ratios):.2f})")


if __name__ == "__main__":
    main()
