#!/usr/bin/env python3
"""Prints the final retrieval of runs in percent. Runs whose names differ only in '-seed-N' share a line, with each seed's R@1.

    scripts/bench/retrieval.py RUN...
"""

import argparse
import re
import statistics
from pathlib import Path

import steps

WAYS = {"image_to_text": "image to text", "text_to_image": "text to image"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of runs")
    groups: dict[str, list[dict]] = {}
    for run in parser.parse_args().runs:
        groups.setdefault(re.sub(r"-seed-\d+$", "", run.name), []).append(steps.metrics(run))
    print(f"{'run':<28} {'arm':<8} {'set':<7} {'direction':<14} {'of':>5} {'R@1':>6} {'R@5':>6} {'R@10':>6}  R@1 by seed")
    for name, results in groups.items():
        for index, arm in enumerate(results[0]["arms"]):
            for held_out in arm["retrieval"]:
                for way, title in WAYS.items():
                    scores = [result["arms"][index]["retrieval"][held_out][way] for result in results]
                    line(name, arm["name"], held_out, title, scores)
        for held_out in results[0].get("nearest_neighbour") or {}:
            line(name, "nearest", held_out, "image", [result["nearest_neighbour"][held_out] for result in results[:1]])


def line(run: str, arm: str, held_out: str, way: str, scores: list[dict]) -> None:
    means = " ".join(f"{100 * statistics.fmean(score[k] for score in scores):>6.2f}" for k in ("r1", "r5", "r10"))
    seeds = " ".join(f"{100 * score['r1']:.2f}" for score in scores)
    print(f"{run:<28} {arm:<8} {held_out:<7} {way:<14} {scores[0]['queries']:>5} {means}  {seeds}")


if __name__ == "__main__":
    main()
