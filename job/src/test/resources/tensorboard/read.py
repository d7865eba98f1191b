"""Prints what TensorBoard's own reader finds in a folder of events: {"tag": [[time, step, number], ...]}."""

import json
import sys

from tensorboard.backend.event_processing import event_accumulator

reader = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={event_accumulator.SCALARS: 0}).Reload()
tags = reader.Tags()["scalars"]
print(json.dumps({tag: [[e.wall_time, e.step, e.value] for e in reader.Scalars(tag)] for tag in tags}))
