"""Reads what runs leave behind: metrics.json and steps.jsonl."""

import json
import statistics
from pathlib import Path

# Phases of a rank's step, and what the driver's clock has beyond them.
PHASES = ("batch", "forward", "loss", "backward", "hops", "reduce", "driver", "update", "rest")


def metrics(run: Path) -> dict:
    return json.loads((run / "metrics.json").read_text())


def steps(run: Path) -> dict[str, list[dict]]:
    """The steps of each arm, in order."""
    arms: dict[str, list[dict]] = {}
    with open(run / "steps.jsonl") as lines:
        for line in lines:
            step = json.loads(line)
            arms.setdefault(step["arm"], []).append(step)
    return arms


def warm(arm: list[dict]) -> list[dict]:
    """The steps after the first quarter, in which Java compiles."""
    return arm[len(arm) // 4 :]


def seconds(arm: list[dict]) -> float:
    """Median seconds of a step."""
    return statistics.median(step["seconds"] for step in warm(arm))


def phases(arm: list[dict]) -> dict[str, float]:
    """Seconds by phase, which add up: means over ranks and over the middle half, by duration, of the warm steps."""
    by_duration = sorted(warm(arm), key=lambda step: step["seconds"])
    quarter = len(by_duration) // 4
    middle = by_duration[quarter : len(by_duration) - quarter]
    means = {
        phase: statistics.fmean(rank["seconds"][phase] for step in middle for rank in step["ranks"]) for phase in PHASES[:-1]
    }
    means["rest"] = statistics.fmean(step["seconds"] for step in middle) - sum(means.values())
    return means
