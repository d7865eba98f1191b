#!/usr/bin/env python3
"""Writes the golden values that features and tokens are tested against: docs/features.md, written again from the page alone.

Pictures are some of the sample's and some that are made here, in sizes and kinds that the sample lacks; captions are some of the
sample's and some in many scripts. Features are written in steps of 1/65535.

    pip install numpy==2.4.6 pillow==13.0.0 pyarrow==26.0.1
    scripts/golden/features.py data/emoji/pairs.parquet job/src/test/resources/golden/features.json
"""

import argparse
import base64
import datetime
import hashlib
import html.entities
import io
import json
import platform
import re
import unicodedata
from importlib.metadata import version
from pathlib import Path

import numpy
import pyarrow.parquet
from PIL import Image

BUCKETS = 16384
KNOWN_FILE = Path(__file__).parents[2] / "job/src/main/resources/siglip/job/features/unicode-13.0.txt"
f32 = numpy.float32

# ---------------------------------------------------------------------------------------------------------------- pictures


def rgba(file):
    """Step 1: 8-bit R, G, B, A, height x width x 4."""
    return numpy.asarray(Image.open(io.BytesIO(file)).convert("RGBA")).astype(numpy.int64)


def on_white(pixels):
    alpha = pixels[:, :, 3:]
    return (pixels[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255


def averaged(pixels):
    height, width, _ = pixels.shape
    if (height, width) == (32, 32):
        return pixels

    def shares(size):
        """32 x size: what part of each source row (or column) lies in each target row, in 32nds."""
        part = numpy.zeros((32, size), dtype=numpy.int64)
        for i in range(32):
            for source in range(size):
                part[i, source] = max(0, min((i + 1) * size, 32 * (source + 1)) - max(i * size, 32 * source))
        return part

    sums = numpy.einsum("yr,xc,rck->yxk", shares(height), shares(width), pixels)
    area = height * width  # of a target pixel, in 1024ths
    return (2 * sums + area) // (2 * area)


def features(file):
    pixels = averaged(on_white(rgba(file)))
    value = pixels.astype(f32)
    row = numpy.arange(32)
    before, after = numpy.maximum(row - 1, 0), numpy.minimum(row + 1, 31)
    dx = (value[:, after] - value[:, before]) / f32(255)
    dy = (value[after] - value[before]) / f32(255)
    squared = dx * dx + dy * dy
    channel = squared.argmax(axis=2)[:, :, None]  # the first of equals
    dx, dy, squared = (numpy.take_along_axis(a, channel, axis=2)[:, :, 0] for a in (dx, dy, squared))

    turn = numpy.arctan2(dy.astype(numpy.float64), dx.astype(numpy.float64)) / (2 * numpy.pi)
    position = 16 * (turn - numpy.floor(turn))
    low = numpy.floor(position)
    share = (position - low).astype(f32)
    low = low.astype(numpy.int64)
    magnitude = numpy.sqrt(squared)
    row_of, column_of = numpy.meshgrid(row, row, indexing="ij")
    at = (row_of // 4)[:, :, None], (column_of // 4)[:, :, None]
    cells = numpy.zeros((8, 8, 16), dtype=f32)
    bins = numpy.stack([low % 16, (low + 1) % 16], axis=2)
    parts = numpy.stack([magnitude * (f32(1) - share), magnitude * share], axis=2)
    numpy.add.at(cells, (*at, bins), parts)  # one after the other

    blocks = cells[:-1, :-1] + cells[:-1, 1:] + cells[1:, :-1] + cells[1:, 1:]
    total = numpy.full((7, 7), f32(0.1))
    for b in range(16):
        total += blocks[:, :, b]
    orientation = numpy.sqrt(blocks / total[:, :, None])

    colour = numpy.zeros((8, 8, 3), dtype=f32)
    numpy.add.at(colour, (*at, numpy.arange(3)), value / f32(255 * 16))
    return numpy.concatenate([orientation.ravel(), colour.ravel()])


# ---------------------------------------------------------------------------------------------------------------- captions


def ranges(text):
    """'0E00–0EFF, 3164' as a set of code points."""
    found = set()
    for part in text.replace("–", "-").split(","):
        first, _, last = part.strip().partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return found


IGNORED = ranges(
    "00AD, 034F, 061C, 115F–1160, 17B4–17B5, 180B–180E, 200B–200F, 202A–202E, 2060–206F, 3164, FE00–FE0F, FEFF, FFA0,"
    "FFF0–FFF8, 1BCA0–1BCA3, 1D173–1D17A, E0000–E0FFF"
)
UNSPACED = ranges(
    "0E00–0EFF, 1000–109F, A9E0–A9FF, AA60–AADF, 1780–17FF, 1950–19DF, 1A20–1AAF, 11700–1173F, 3000–312F, 31A0–31FF,"
    "3400–9FFF, A000–A4CF, F900–FAFF, 16FE0–1B2FF, 20000–3FFFF"
)
KNOWN = ranges(",".join(line for line in KNOWN_FILE.read_text().splitlines() if not line.startswith("#")))
NAMES = {**html.entities.name2codepoint, "apos": 0x27}


def decoded(text):
    def character(match):
        decimal, hexadecimal, name = match.groups()
        if name:
            return chr(NAMES[name]) if name in NAMES else match.group()
        number = int(decimal) if decimal else int(hexadecimal, 16)
        if 128 <= number < 160:
            return bytes([number]).decode("windows-1252", "replace")
        if number == 0 or 0xD800 <= number < 0xE000 or number > 0x10FFFF:
            return "\ufffd"
        return chr(number)

    return re.sub("&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]*));", character, text)


def folded(text):
    text = "".join(c for c in text if ord(c) not in IGNORED)
    text = "".join(c if ord(c) in KNOWN and c not in "™℠" else " " for c in text)
    text = unicodedata.normalize("NFD", text).casefold()
    text = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", text)


def is_mark(c):
    return unicodedata.category(c)[0] == "M"


def is_letter_or_number(c):
    return unicodedata.category(c)[0] in "LN" or c == "_"


def words(text):
    """Pairs of a word, as a list of characters each with its marks, and whether its script has no spaces."""
    found = []
    open_word = False
    for c in text:
        if is_letter_or_number(c):
            unspaced = ord(c) in UNSPACED
            if not open_word or found[-1][1] != unspaced:
                found.append(([], unspaced))
            found[-1][0].append(c)
            open_word = True
        elif is_mark(c) and open_word:
            found[-1][0][-1] += c
        else:
            open_word = False
    return found


def hashed(text):
    h = 2166136261
    for byte in text.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return h % BUCKETS


def tokens(caption):
    found = []
    for characters, unspaced in words(folded(decoded(caption))):
        if unspaced:
            for i, c in enumerate(characters):
                found.append(c)
                if i + 1 < len(characters):
                    found.append(c + characters[i + 1])
        else:
            word = "".join(characters)
            found.append(word)
            marked = f"#{word}#"
            found.extend(marked[i : i + 3] for i in range(len(marked) - 2))
    return [hashed(t) for t in found]


# ------------------------------------------------------------------------------------------------------------------ golden

CAPTIONS = """
Red heart
piñata
HELLO, World_2 x-ray don't
crème brûlée
cre\u0300me bru\u0302le\u0301e
STRASSE Straße STRAẞE
ﬁne ﬂuﬀy ﬃ
ＦＵＬＬ ｗｉｄｔｈ １２３
ΟΔΥΣΣΕΥΣ Ὀδυσσεύς ὈΔΥΣΣΕΎΣ ᾳ
İstanbul ısı KIRMIZI
Ꭰꭰ Ᏸᏸ
ǅungla ǆ Ǆ
Красная машина ёж Ёж
чай с лимоном
Ελληνικά γράμματα
קָפֶה עברית
مَرْحَبًا بالعالم
می\u200cخواهم میخواهم
سيارة حمراء ١٢٣
लड़की
लड़का
लड\u093cकी
क\u094d\u200dष क्ष
পাখি পাখা
தமிழ் தமழ்
తెలుగు పదాలు
ಕನ್ನಡ
മലയാളം ൻ
ગુજરાતી ਪੰਜਾਬੀ
සිංහල අකුරු
เด็กผู้หญิง
ไก่ ไก ไก้
ลำ ล\u0e4dา
แมว\u200bสีดำ 2024
ເດັກນ້ອຍ
មនុស្ស ទឹក
မြန်မာစာ
红色的汽车
紅色的汽車 2024年
日本語のＴシャツ、ﾊﾝｶｸ
子供 子供達 〆切 人々
がき か\u3099き
ㄅㄆㄇ ꀀꀁ
𠮷野家 𡃁
한국어 단어
\u1112\u1161\u11ab\u1100\u116e\u11a8
བོད་སྐད
ქართული ᲥᲐᲠᲗᲣᲚᲘ
Հայերեն և
አማርኛ
ᏣᎳᎩ
tiếng Việt
tie\u0302\u0301ng Vie\u0323\u0302t
𝒻𝒶𝓃𝒸𝓎 𝐛𝐨𝐥𝐝 𐐀𐐨
co\u00adoperate zero\u200bwidth \ufeffbom
Tom &amp; Jerry &#39;s caf&eacute; &#233;&#xE9;&#XC9;
&amp;eacute; &amp;amp; &bogus; &eacute &#; AT&T
&#146;&#154;&#128; &#x110000; &#xD800; &#0; &apos;x&nbsp;y
Lego™ Windows® ℠x ½ cup m² № 5 ㎏ ℃
it´s ¨x ̈y
1️⃣ keycap ❤️ 👩‍🚀x
\U0001dff0new \U0001df00a\u0870b \uf8ffp \uffffn
a_b __ _
🏴\U000e0067\U000e0062\U000e007f flag
?! …

""".strip("\n").split("\n") + [""]


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def made_pictures():
    """Kinds and sizes that the sample lacks. Their values come from a congruential generator, smoothed into waves."""
    y, x = numpy.mgrid[0:62, 0:80]
    waves = numpy.stack([127.5 + 127.5 * numpy.sin(x * a + y * b) for a, b in ((0.11, 0.05), (0.03, 0.13), (0.07, -0.09), (0.02, 0.06))])
    wide = numpy.rint(waves).astype(numpy.uint8).transpose(1, 2, 0)
    rgb, transparent = Image.fromarray(wide[:, :, :3].copy()), Image.fromarray(wide)
    yield "80 x 62", png(rgb)
    yield "80 x 62, alpha", png(transparent)
    yield "32 x 32, alpha", png(transparent.crop((0, 0, 32, 32)))
    yield "33 x 31", png(rgb.crop((0, 0, 33, 31)))
    yield "7 x 5", png(rgb.resize((7, 5), Image.Resampling.NEAREST))
    yield "1 x 1", png(rgb.crop((9, 9, 10, 10)))
    yield "64 x 20, gray", png(rgb.crop((0, 0, 64, 20)).convert("L"))
    yield "48 x 48, gray with alpha", png(transparent.crop((0, 0, 48, 48)).convert("LA"))
    yield "40 x 40, palette", png(rgb.crop((0, 0, 40, 40)).quantize(16, dither=Image.Dither.NONE))
    yield "50 x 37, one bit", png(rgb.crop((0, 0, 50, 37)).convert("1"))


def steps(values):
    return base64.b64encode(numpy.rint(values.astype(numpy.float64) * 65535).astype("<u2").tobytes()).decode()


def digest(lines):
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sample", type=Path)
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    rows = pyarrow.parquet.read_table(arguments.sample).to_pylist()

    chosen = rows[:: len(rows) // 10][:10]
    pictures = [(f"{row['vendor']}: {row['caption']}", row["image"]) for row in chosen] + list(made_pictures())
    captions = [row["caption"] for row in chosen] + CAPTIONS
    golden = {
        "program": "scripts/golden/features.py",
        "versions": {
            "python": platform.python_version(),
            "unicode": unicodedata.unidata_version,
            **{name: version(name) for name in ("numpy", "pillow", "pyarrow")},
        },
        "date": datetime.date.today().isoformat(),
        "buckets": BUCKETS,
        "entities_sha256": digest(f"{name} {decoded(f'&{name};')}" for name in sorted(NAMES)),
        "folding_sha256": digest(f"{c:X} {folded(chr(c))}" for c in sorted(KNOWN) if not 0xD800 <= c < 0xE000),
        "pictures": [
            {"name": name, "png": base64.b64encode(file).decode(), "features": steps(features(file))}
            for name, file in pictures
        ],
        "captions": [{"text": text, "tokens": tokens(text)} for text in captions],
    }
    text = json.dumps(golden, ensure_ascii=True, indent=1)
    text = re.sub(r"\[\s+([-0-9,\s]+?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", text)
    arguments.file.write_text(text + "\n")


if __name__ == "__main__":
    main()
