#!/usr/bin/env python3
"""Writes small data sets in the forms in which people keep image-text pairs, for the tests of what is read.

    pip install numpy==2.4.6 pillow==13.0.0 pyarrow==26.0.1
    scripts/golden/cases.py job/src/test/resources/siglip/job/data/cases
"""
import decimal
import io
import random
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

COLOURS = {"red": (210, 40, 40), "green": (40, 170, 70), "blue": (50, 70, 210), "yellow": (230, 210, 50)}
SHAPES = ["circle", "square", "bar", "ring"]
ROWS = 96


def drawing(colour, shape, random_):
    size = random_.randint(36, 72)
    image = Image.new("RGB", (size, size), (255, 255, 255))
    pen, low, high = ImageDraw.Draw(image), random_.randint(2, size // 5), size - random_.randint(2, size // 5)
    box = [low, low, high, high]
    if shape == "circle":
        pen.ellipse(box, fill=COLOURS[colour])
    elif shape == "square":
        pen.rectangle(box, fill=COLOURS[colour])
    elif shape == "ring":
        pen.ellipse(box, outline=COLOURS[colour], width=6)
    else:
        pen.rectangle([low, size // 2 - 5, high, size // 2 + 5], fill=COLOURS[colour])
    return image


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def write_all(folder, seed=5):
    random_ = random.Random(seed)
    numbers = np.random.default_rng(seed)
    pairs = [(random_.choice(list(COLOURS)), random_.choice(SHAPES)) for _ in range(ROWS)]
    images = [encoded(drawing(c, s, random_), "PNG") for c, s in pairs]
    captions = [random_.choice([f"a {c} {s}", f"{s} in {c}", f"picture of a {s}, {c}"]) for c, s in pairs]
    common = {"shape": [s for _, s in pairs], "split": ["test" if i % 6 == 0 else "train" for i in range(ROWS)]}
    image, caption = pa.array(images, pa.binary()), pa.array(captions)
    label = np.array([list(COLOURS).index(c) * len(SHAPES) + SHAPES.index(s) for c, s in pairs])
    x = (numbers.standard_normal((16, 24))[label] + 0.3 * numbers.standard_normal((ROWS, 24))).astype("f4")
    y = (numbers.standard_normal((16, 20))[label] + 0.3 * numbers.standard_normal((ROWS, 20))).astype("f4")

    def lists(values, kind):
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel(), kind), values.shape[1])

    def write(name, image, caption, **options):
        pq.write_table(pa.table({"image": image, "caption": caption, **common}), folder / f"{name}.parquet", **options)

    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    write("datasets-struct", pa.array([{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(images)], struct), caption)
    write("features-float16", lists(x.astype("f2"), pa.float16()), lists(y.astype("f2"), pa.float16()))
    write("features-int8", lists(np.clip(x * 40, -127, 127).astype("i1"), pa.int8()), lists(np.clip(y * 40, -127, 127).astype("i1"), pa.int8()))
    write("brotli", image, caption, compression="brotli")
    oddities(folder, x, y)


def oddities(folder, x, y):
    """Types and encodings that Spark 3.5 cannot read, beside columns that it can, in 12 rows."""
    rows = 12

    def column(value, kind):
        return pa.array([value] * rows, kind)

    def floats(values):
        return pa.array(values[:rows].tolist(), pa.list_(pa.float32()))

    table = pa.table({
        "image": floats(x),
        "text": floats(y),
        "half": column(np.float16(1.5), pa.float16()),
        "nanos": column(1, pa.timestamp("ns")),
        "split": column(b"abcd", pa.binary(4)),
        "decimals": column([decimal.Decimal("1.5")], pa.list_(pa.decimal128(5, 2))),
        "nothing": column(None, pa.null()),
        "Image": column(1, pa.uint64()),
    })
    pq.write_table(table, folder / "oddities.parquet", use_dictionary=False, use_byte_stream_split=["image.list.element", "split"])
    table = table.drop_columns(["half", "split"])
    pq.write_table(table, folder / "stream-split.parquet", use_dictionary=False, use_byte_stream_split=["image.list.element"])


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write_all(target)
