#!/usr/bin/env python3
"""Prints what scripts/bench/plan has planned and measured, in milliseconds, and how far off the plan was."""

import argparse
import json
import statistics
from pathlib import Path

import steps

PHASES = steps.PHASES[1:-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("ranks", type=int, nargs="+")
    options = parser.parse_args()
    print("Milliseconds: measured, the mean over ranks and the middle half of the steps; planned, the mean of before and after the run; ratio: measured over planned")
    print(f"{'ranks':>5} {'arm':<8} {'':<9}" + "".join(f"{phase:>9}" for phase in PHASES) + f"{'step':>9} {'ratio':>6}  {'bytes':>12} {'memory':>12}")
    for ranks in options.ranks:
        run = options.folder / f"ranks-{ranks}"
        plans = [json.loads((options.folder / f"plan-{ranks}-{when}.json").read_text())["plans"][0] for when in ("before", "after")]
        results = {arm["name"]: arm for arm in steps.metrics(run)["arms"]}
        for index, (name, arm) in enumerate(steps.steps(run).items()):
            means, seconds = steps.phases(arm), steps.seconds(arm)
            planned = [plan["arms"][index] for plan in plans]
            phases = [statistics.fmean(each["phase_seconds"][phase] for each in planned) for phase in PHASES]
            whole = statistics.fmean(each["seconds"] for each in planned)
            sent = max(rank["ring_bytes"] + rank["reduce_bytes"] for rank in arm[-1]["ranks"])
            memory = planned[0]["memory"]
            row(ranks, name, "measured", [means[phase] for phase in PHASES] + [seconds], "", sent, results[name].get("peak_rank_bytes", 0))
            row(ranks, name, "planned", [*phases, whole], f"{seconds / whole:.2f}", planned[0]["ring_bytes"] + planned[0]["reduce_bytes"],
                memory["off_heap_bytes"] + memory["heap_bytes"])  # fmt: skip


def row(ranks: int, name: str, what: str, times: list[float], ratio: str, sent: int, memory: int) -> None:
    cells = "".join(f"{1e3 * time:>9.1f}" for time in times)
    print(f"{ranks:>5} {name:<8} {what:<9}{cells} {ratio:>6}  {sent:>12,} {memory:>12,}")


if __name__ == "__main__":
    main()
