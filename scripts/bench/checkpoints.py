"""What checkpoints cost, from steps.jsonl of runs with and without.

Two figures. Between runs: the time of all steps with checkpoints over that without, of each pair of neighbouring runs. Within a run: how much longer
the 30 steps after each checkpoint took than the rest of the steps until the next; a slow minute of the machine hits both. A step is one
of all arms together; the first 100 are left out as warming up.

Usage: checkpoints.py EVERY FOLDER
"""

import pathlib
import statistics
import sys

import steps

WARMUP = 100
AFTER = 30


def seconds(run):
    """Seconds of each step, all arms together."""
    total = {}
    for arm in steps.steps(run).values():
        for step in arm:
            total[step["step"]] = total.get(step["step"], 0.0) + step["seconds"]
    return [total[step] for step in sorted(total)]


def late(times, every):
    """Share by which checkpoints lengthen a run, for each checkpoint."""
    shares = []
    for start in range(max(every, WARMUP), len(times) - every + 1, every):
        window = times[start : start + every]
        after = min(AFTER, every // 3)
        usual = statistics.mean(window[after:])
        shares.append(sum(window[:after]) / usual / every - after / every)
    return shares


def main():
    every, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    ratios, within, without = [], [], []
    for off in sorted(folder.glob("*-every-0")):
        on = folder / off.name.replace("-every-0", f"-every-{every}")
        base, checked = seconds(off)[WARMUP:], seconds(on)[WARMUP:]
        ratios.append(sum(checked) / sum(base) - 1)
        within += late(seconds(on), every)
        without += late(seconds(off), every)
        print(f"{off.name}: {1e3 * statistics.mean(base):.1f} ms a step; {on.name}: {1e3 * statistics.mean(checked):.1f} ms")
    print("between runs: " + ", ".join(f"{100 * ratio:+.1f} %" for ratio in ratios))
    for name, shares in (("with checkpoints", within), ("without, at the same steps", without)):
        print(
            f"within runs {name}: median {100 * statistics.median(shares):+.2f} %, mean {100 * statistics.mean(shares):+.2f} % of a step"
            f" ({len(shares)} windows of {every} steps)"
        )


if __name__ == "__main__":
    main()
