"""Writes test/golden/pictures/: one picture in the formats of class folders, as Pillow writes them, and its pixels as Pillow reads them back.

python3 test/golden/pictures.py   (needs Pillow)
"""
import pathlib

from PIL import Image

out = pathlib.Path(__file__).parent / "pictures"
out.mkdir(exist_ok=True)


def picture(width, height, shift=0):
    image = Image.new("RGB", (width, height))
    image.putdata([((7 * x + shift) % 256, (11 * y) % 256, (5 * x + 3 * y) % 256) for y in range(height) for x in range(width)])
    return image


def save(image, name, **options):
    path = out / name
    image.save(path, **options)
    with Image.open(path) as back:
        (out / f"{name}.rgb").write_bytes(back.convert("RGB").tobytes())


square, odd = picture(32, 32), picture(5, 3)
for name, image in (("square", square), ("odd", odd)):
    save(image, f"{name}-24.bmp")
    save(image.quantize(16), f"{name}-8.bmp")
    save(image.convert("L"), f"{name}-grey.bmp")
    save(image.convert("1"), f"{name}-1.bmp")
alpha = square.convert("RGBA")
save(alpha, "square-32.bmp")
save(square, "square.tiff", compression="tiff_lzw")
save(square.quantize(32), "square.gif", save_all=True, append_images=[picture(32, 32, 99).quantize(32)])
save(square, "square.ppm")
save(square.convert("L"), "square.pgm")
