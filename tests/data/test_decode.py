import io

import numpy as np
import pytest
from PIL import Image

from npfl_kit import errors
from npfl_kit.data import decode


def encoded(image, suffix="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, suffix, **options)
    return stream.getvalue()


def gradient(height=12, width=20):
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    return Image.fromarray(np.stack([np.tile(ramp, [height, 1]), np.full([height, width], 80, np.uint8),
                                     np.tile(ramp[::-1], [height, 1])], -1))


@pytest.mark.parametrize("suffix", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_come_back_exactly(suffix):
    np.testing.assert_array_equal(decode.decode(encoded(gradient(), suffix), "a"), np.asarray(gradient()))


@pytest.mark.parametrize("mode, suffix", [("L", "PNG"), ("P", "PNG"), ("P", "GIF"), ("RGBA", "PNG"), ("LA", "PNG"),
                                          ("1", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("I;16", "PNG")])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_becomes_grey_or_rgb(mode, suffix, channels):
    special = {"1": lambda: Image.new("1", (6, 5), 1), "P": lambda: Image.new("RGB", (6, 5), (200,) * 3).quantize(),
               "I;16": lambda: Image.fromarray(np.full([5, 6], 200 * 256, np.uint16))}
    picture = special.get(mode, lambda: Image.new("RGB", (6, 5), (200,) * 3).convert(mode))()

    pixels = decode.decode(encoded(picture, suffix), "a", channels)

    assert pixels.shape == (5, 6, channels) and pixels.dtype == np.uint8
    np.testing.assert_allclose(pixels, 255 if mode == "1" else 200, atol=3)


def test_transparency_lies_on_white():
    picture = Image.new("RGBA", (2, 1), (10, 20, 30, 0))
    picture.putpixel((1, 0), (10, 20, 30, 255))

    assert decode.decode(encoded(picture), "a")[0].tolist() == [[255, 255, 255], [10, 20, 30]]


def test_transparent_palette_color_lies_on_white():
    picture = Image.new("P", (2, 1))
    picture.putpalette([1, 2, 3, 40, 50, 60])
    picture.putpixel((1, 0), 1)

    assert decode.decode(encoded(picture, transparency=0), "a")[0].tolist() == [[255, 255, 255], [40, 50, 60]]


@pytest.mark.parametrize("orientation, transposed", [(1, None), (3, Image.Transpose.ROTATE_180),
                                                     (6, Image.Transpose.ROTATE_270), (8, Image.Transpose.ROTATE_90)])
def test_orientation_of_the_camera_is_honored(orientation, transposed):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(gradient(), exif=exif)

    upright = gradient() if transposed is None else gradient().transpose(transposed)
    np.testing.assert_array_equal(decode.decode(data, "a"), np.asarray(upright))
    assert decode.image_size(data, "a") == (upright.height, upright.width)


def test_size_scales_the_shorter_side_and_cuts_the_middle():
    pixels = decode.decode(encoded(gradient(height=40, width=80)), "a", size=20)

    assert pixels.shape == (20, 20, 3)
    expected = np.linspace(0, 255, 80)[20:60].reshape(20, 2).mean(1)  # every two of the middle 40 columns
    np.testing.assert_allclose(pixels[10, :, 0], expected, atol=4)


@pytest.mark.parametrize("size", [(1000, 1), (1, 1000)])
def test_extreme_shapes_stay_small(size):
    assert decode.decode(encoded(Image.new("RGB", size)), "a", size=64).shape == (64, 64, 3)


def noise():
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, [30, 30, 3], dtype=np.uint8))


def bomb(suffix="PNG"):
    return encoded(Image.new("1", (9000, 9000)), suffix)


@pytest.mark.parametrize("data, problem", [
    (b"", "the file is empty"), (b"not a picture", "cannot identify"), (encoded(noise(), "JPEG")[:900], "truncated"),
    (encoded(noise())[:400], "truncated"), (encoded(noise(), "BMP")[:400], "truncated"),
    (b"P6 0 0 255\n", ""), (bomb(), "9000 x 9000 pixels, allowed are 1 to 64,000,000")])
def test_broken_picture_is_a_data_error_naming_it(data, problem):
    with pytest.raises(errors.DataError, match=f"cat/1.jpg is not a whole picture: .*{problem}.*Replace or delete"):
        decode.decode(data, "cat/1.jpg")


def test_bomb_beyond_the_limit_of_pillow_is_a_data_error_too():
    data = encoded(Image.new("1", (20000, 20000)))

    with pytest.raises(errors.DataError, match="is not a whole picture"):
        decode.decode(data, "a")
    with pytest.raises(errors.DataError, match="is not a whole picture"):
        decode.image_size(data, "a")


def test_fit_all_equals_fit_of_each():
    images = np.random.default_rng(2).integers(0, 256, [3, 10, 14, 1], dtype=np.uint8)

    resized = decode.fit_all(images, 7)

    for image, found in zip(images, resized):
        np.testing.assert_array_equal(np.asarray(decode.fit(Image.fromarray(image[..., 0]), 7)), found[..., 0])


@pytest.mark.parametrize("orientation, size", [(1, (12, 20)), (6, (20, 12))])
def test_the_size_of_a_png_needs_no_pixels_but_heeds_its_orientation(orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned, plain = encoded(gradient(), exif=exif), encoded(gradient())

    assert decode.image_size(turned, "a") == decode.decode(turned, "a").shape[:2] == size
    assert decode.image_size(plain[:60], "a") == (12, 20)
