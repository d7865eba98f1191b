"""Reads what runs leave behind, metrics.json and steps.jsonl, and prints what the tables of the benchmarks share."""

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


def warm(arm: list) -> list:
    """Drops the first quarter of the steps, in which Java compiles."""
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


def phase_titles() -> str:
    return "".join(f"{phase:>9}" for phase in (*PHASES, "whole"))


def phase_cells(means: dict[str, float]) -> str:
    """Milliseconds of each phase and of all."""
    return "".join(f"{1e3 * value:>9.2f}" for value in (*(means[phase] for phase in PHASES), sum(means.values())))


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"


def ratios(values: list[float], bases: list[float]) -> list[float]:
    return [value / base for value, base in zip(values, bases)]


def shown(ratios: list[float]) -> str:
    return " ".join(f"{ratio:.2f}" for ratio in ratios)


def print_facts(run: Path) -> None:
    """The machine and the numerics of a run."""
    for fact in ("environment", "numerics"):
        print(f"{fact}: " + "; ".join(f"{key} {value}" for key, value in metrics(run)[fact].items()))
