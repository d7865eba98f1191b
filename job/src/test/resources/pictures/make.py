#!/usr/bin/env python3
"""Writes the pictures beside this file, and expected.txt: what Pillow shows of each.

    python3 make.py        needs pillow 13.0.0 and numpy

A line of expected.txt is a name, the largest deviation that a right decoder may have, the size as shown, and 8 x 8 colours: the picture
upright, in sRGB and on white, each colour the mean of the area that it covers. Most pictures show `drawing()`. What Pillow cannot write
(interlaced PNG, YCCK, frames smaller than their canvas) is put together here from what it does write.
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageCms, ImageDraw, ImageOps

FOLDER = Path(__file__).parent
SRGB = ImageCms.createProfile("sRGB")
cases = []


def drawing(size=(48, 32)):
    """Four quarters of different colours, a diagonal, and a corner: no turn of it looks like another."""
    image = Image.new("RGB", size)
    pen = ImageDraw.Draw(image)
    w, h = size
    for i, colour in enumerate([(210, 40, 40), (50, 70, 210), (40, 170, 70), (230, 210, 50)]):
        x, y = (i % 2) * w // 2, (i // 2) * h // 2
        pen.rectangle([x, y, x + w // 2 - 1, y + h // 2 - 1], fill=colour)
    pen.rectangle([w // 8, h // 8, w // 4, h // 4], fill=(20, 20, 20))
    pen.rectangle([w * 5 // 8, h * 5 // 8, w - 1, h * 6 // 8], fill=(150, 200, 220))
    return image


def faded(size=(48, 32)):
    """The drawing, from transparent on the left to opaque on the right."""
    image = drawing(size).convert("RGBA")
    ramp = np.tile(np.linspace(0, 255, size[0]).astype("u1"), (size[1], 1))
    image.putalpha(Image.fromarray(ramp))
    return image


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def shown(data):
    """As Pillow shows it, on white and in sRGB."""
    image = Image.open(io.BytesIO(data))
    image.load()
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        image = Image.fromarray(np.round(np.asarray(image).astype("f8") / 257).astype("u1"))
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        image = ImageCms.profileToProfile(image if alpha is None else image.convert("RGB"), source, SRGB, outputMode="RGB")
        if alpha is not None:
            image.putalpha(alpha)
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def add(name, data, tolerance, expected=None):
    image = expected if expected is not None else shown(data)
    (FOLDER / name).write_bytes(data)
    colours = image.resize((8, 8), Image.Resampling.BOX).get_flattened_data()
    cases.append(f"{name} {tolerance} {image.width}x{image.height} " + " ".join("%02x%02x%02x" % c for c in colours))


def turned(orientation, kind, **options):
    """Stored so that a viewer that heeds the tag shows the drawing."""
    undo = [
        None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_270,
    ][orientation - 1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = drawing()
    if kind == "TIFF":
        options["tiffinfo"] = {0x0112: orientation}
    else:
        options["exif"] = exif
    return encoded(image.transpose(undo) if undo is not None else image, kind, **options)


def rgb_profile():
    """Primaries near those of Adobe RGB (1998), gamma 2.2: an ICC profile of version 2."""
    def s15(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(x, y, z):
        return b"XYZ \0\0\0\0" + s15(x) + s15(y) + s15(z)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + b"\0" * 78
    tags = [
        (b"desc", description), (b"cprt", b"text\0\0\0\0none\0\0\0\0"), (b"wtpt", xyz(0.9642, 1, 0.8249)),
        (b"rXYZ", xyz(0.60974, 0.31111, 0.01947)), (b"gXYZ", xyz(0.20528, 0.62567, 0.06087)), (b"bXYZ", xyz(0.14919, 0.06322, 0.74457)),
        (b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve),
    ]
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", 0, b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ") + struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    head += b"acsp" + b"\0" * 28 + s15(0.9642) + s15(1) + s15(0.8249)
    head += b"\0" * (128 - len(head))
    whole = head + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


def png(width, height, depth, colour, rows, interlaced=False):
    """A PNG file of rows of packed samples, filter 0."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b"")


def adam7(pixels):
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for row in pixels[y0::dy, x0::dx]:
            if len(row):
                yield row.tobytes()


def without_segment(data, marker):
    at = data.index(bytes([0xFF, marker]))
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2:at + 4], "big"):]


def pngs():
    d = drawing()
    a = np.asarray(d)
    add("rgb.png", encoded(d, "PNG"), 1)
    add("rgba.png", encoded(faded(), "PNG"), 1)
    for bits in (1, 2, 4, 8):
        add(f"palette-{bits}.png", encoded(d.quantize(2**bits if bits < 8 else 40), "PNG", bits=bits), 1)
    add("palette-transparent.png", encoded(d.quantize(8), "PNG", transparency=bytes([0, 128, 255, 60, 255, 255, 255, 255])), 1)
    add("grey.png", encoded(d.convert("L"), "PNG"), 1)
    add("grey-transparent.png", encoded(d.convert("L"), "PNG", transparency=d.convert("L").getpixel((1, 1))), 1)
    add("rgb-transparent.png", encoded(d, "PNG", transparency=(210, 40, 40)), 1)
    add("grey-alpha.png", encoded(faded().convert("LA"), "PNG"), 1)
    add("one-bit.png", encoded(d.convert("1"), "PNG"), 1)
    deep = np.asarray(d.convert("L")).astype("u2") * 257
    add("grey-16.png", encoded(Image.fromarray(deep), "PNG"), 1)
    add("rgb-16.png", png(48, 32, 16, 2, [r.tobytes() for r in (a.astype("u2") * 257).astype(">u2")]), 1)
    add("rgba-16.png", png(48, 32, 16, 6, [r.tobytes() for r in (np.asarray(faded()).astype("u2") * 257).astype(">u2")]), 1)
    add("interlaced.png", png(48, 32, 8, 2, adam7(a), True), 1)
    add("profile.png", encoded(d, "PNG", icc_profile=rgb_profile()), 3)
    add("profile-alpha.png", encoded(faded(), "PNG", icc_profile=rgb_profile()), 3)
    for o in range(1, 9):
        add(f"turned-{o}.png", turned(o, "PNG"), 1)


def jpegs():
    d = drawing()
    plain = {"quality": 95, "subsampling": 0}
    add("rgb.jpg", encoded(d, "JPEG", quality=90), 4)
    add("full-chroma.jpg", encoded(d, "JPEG", **plain), 3)
    add("no-jfif.jpg", without_segment(encoded(d, "JPEG", **plain), 0xE0), 3)
    add("progressive.jpg", encoded(d, "JPEG", progressive=True, **plain), 3)
    add("grey.jpg", encoded(d.convert("L"), "JPEG", **plain), 3)
    add("stored-as-rgb.jpg", encoded(d, "JPEG", quality=95, keep_rgb=True), 3)
    add("profile.jpg", encoded(d, "JPEG", icc_profile=rgb_profile(), **plain), 4)
    cmyk = d.convert("CMYK")
    black = Image.merge("CMYK", [c.point(lambda v: v // 2) for c in cmyk.split()[:3]] + [d.convert("L").point(lambda v: 120 - v // 4)])
    add("cmyk.jpg", encoded(black, "JPEG", **plain), 4)
    add("cmyk-no-adobe.jpg", without_segment(encoded(black, "JPEG", **plain), 0xEE), 4)
    c, m, y, k = black.split()
    ycc = Image.merge("RGB", (c, m, y)).convert("YCbCr").split()
    stored = Image.merge("CMYK", [x.point(lambda v: 255 - v) for x in ycc] + [k])
    data = encoded(stored, "JPEG", **plain)
    at = data.index(b"Adobe") + 11
    add("ycck.jpg", data[:at] + b"\x02" + data[at + 1:], 4)
    for o in range(1, 9):
        add(f"turned-{o}.jpg", turned(o, "JPEG", **plain), 3)


def gifs():
    d = drawing()
    add("rgb.gif", encoded(d.quantize(16), "GIF"), 1)
    add("interlaced.gif", encoded(d.quantize(16), "GIF", interlace=1), 1)
    add("transparent.gif", encoded(d.quantize(16), "GIF", transparency=0), 1)
    frames = [d, ImageOps.mirror(d)]
    add("animated.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), 1)
    small = bytearray(encoded(drawing((24, 16)).quantize(16), "GIF", transparency=0, interlace=0))
    struct.pack_into("<HH", small, 6, 48, 32)
    at = small.index(b"\x2c\0\0\0\0" + struct.pack("<HH", 24, 16))
    struct.pack_into("<HH", small, at + 1, 18, 6)
    add("small-frame.gif", bytes(small), 1)


def bmps():
    d = drawing()
    add("rgb.bmp", encoded(d, "BMP"), 1)
    add("palette.bmp", encoded(d.quantize(16), "BMP"), 1)
    add("grey.bmp", encoded(d.convert("L"), "BMP"), 1)
    add("one-bit.bmp", encoded(d.convert("1"), "BMP"), 1)
    a = np.asarray(faded())[::-1]
    bgra = np.ascontiguousarray(a[:, :, [2, 1, 0, 3]]).tobytes()
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    add("no-alpha-32.bmp", struct.pack("<2sIIIIiiHHIIiiII", b"BM", 54 + len(bgra), 0, 54, 40, 48, 32, 1, 32, 0, len(bgra), 0, 0, 0, 0) + bgra, 1,
        drawing())
    head = struct.pack("<2sIIIIiiHHIIiiII", b"BM", 122 + len(bgra), 0, 122, 108, 48, 32, 1, 32, 3, len(bgra), 0, 0, 0, 0)
    add("alpha-32.bmp", head + masks + b"BGRs" + b"\0" * 48 + bgra, 1)
    five = (a[:, :, 0].astype("u2") >> 3 << 11 | a[:, :, 1].astype("u2") >> 2 << 5 | a[:, :, 2].astype("u2") >> 3).astype("<u2").tobytes()
    head = struct.pack("<2sIIIIiiHHIIiiII", b"BM", 66 + len(five), 0, 66, 40, 48, 32, 1, 16, 3, len(five), 0, 0, 0, 0)
    add("565.bmp", head + struct.pack("<III", 0xF800, 0x7E0, 0x1F) + five, 1)
    q = d.quantize(16)
    rows = b""
    for row in np.asarray(q)[::-1]:
        rows += b"".join(bytes([8, v[0]]) if (v == v[0]).all() else b"\0\x08" + v.tobytes() for v in row.reshape(-1, 8)) + b"\0\0"
    rows += b"\0\x01"
    palette = np.zeros((256, 4), "u1")
    colours = np.array(q.getpalette()).reshape(-1, 3)
    palette[:len(colours), :3] = colours[:, ::-1]
    head = struct.pack("<2sIIIIiiHHIIiiII", b"BM", 1078 + len(rows), 0, 1078, 40, 48, 32, 1, 8, 1, len(rows), 0, 0, 256, 0)
    add("rle.bmp", head + palette.tobytes() + rows, 1)


def tiffs():
    d = drawing()
    add("rgb.tif", encoded(d, "TIFF"), 1)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        add(f"{compression}.tif", encoded(d, "TIFF", compression=compression), 1)
    add("jpeg.tif", encoded(d, "TIFF", compression="jpeg", quality=95), 4)
    add("rgba.tif", encoded(faded(), "TIFF"), 1)
    data = encoded(faded(), "TIFF")
    entry = data.index(struct.pack("<HHI", 338, 3, 1))
    add("extra-sample.tif", data[:entry + 8] + b"\0\0" + data[entry + 10:], 1, drawing())
    add("cmyk.tif", encoded(d.convert("CMYK"), "TIFF"), 1)
    add("cmyk-lzw.tif", encoded(d.convert("CMYK"), "TIFF", compression="tiff_lzw"), 1)
    add("grey.tif", encoded(d.convert("L"), "TIFF"), 1)
    add("grey-alpha.tif", encoded(faded().convert("LA"), "TIFF"), 1)
    add("palette.tif", encoded(d.quantize(16), "TIFF"), 1)
    add("one-bit.tif", encoded(d.convert("1"), "TIFF", compression="group4"), 1)
    add("grey-16.tif", encoded(Image.fromarray(np.asarray(d.convert("L")).astype("u2") * 257), "TIFF"), 1)
    add("profile.tif", encoded(d, "TIFF", icc_profile=rgb_profile()), 3)
    for o in range(1, 9):
        add(f"turned-{o}.tif", turned(o, "TIFF", compression="tiff_lzw"), 1)


def webps():
    d = drawing()
    add("lossy.webp", encoded(drawing((192, 128)), "WEBP", quality=90), 8)
    add("lossless.webp", encoded(d, "WEBP", lossless=True), 1)
    add("lossy-alpha.webp", encoded(faded((192, 128)), "WEBP", quality=90), 8)
    add("lossless-alpha.webp", encoded(faded(), "WEBP", lossless=True), 1)
    add("profile.webp", encoded(d, "WEBP", lossless=True, icc_profile=rgb_profile()), 3)
    add("animated.webp", encoded(d, "WEBP", lossless=True, save_all=True, append_images=[ImageOps.mirror(d)]), 1)
    small = Image.new("RGBA", (48, 32), (0, 0, 0, 0))
    small.paste(drawing((24, 16)), (18, 6))
    add("small-frame.webp", encoded(small, "WEBP", lossless=True, save_all=True, append_images=[d.convert("RGBA")]), 1)
    for o in range(1, 9):
        add(f"turned-{o}.webp", turned(o, "WEBP", lossless=True), 1)


for old in FOLDER.iterdir():
    if old.suffix in (".png", ".jpg", ".gif", ".bmp", ".tif", ".webp"):
        old.unlink()
for kind in (pngs, jpegs, gifs, bmps, tiffs, webps):
    kind()
(FOLDER / "expected.txt").write_text(f"# Pillow {PIL.__version__}, by make.py\n" + "".join(c + "\n" for c in cases))
