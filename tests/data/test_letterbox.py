"""Pictures of any shape in a square, and where their points come to lie."""
import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.data import letterbox
from npfl_kit.data.detection_split import DetectionSplit, Objects

FILL = np.array([10, 20, 30], np.uint8)


@pytest.mark.parametrize("height, width", [(48, 64), (64, 48), (64, 64), (20, 90), (333, 17), (16, 16), (7, 5)])
def test_a_bright_rectangle_comes_to_lie_where_its_scaled_box_is(height, width):
    image = np.zeros([height, width, 3], np.uint8)
    top, left, bottom, right = height // 4, width // 4, height // 4 * 3 or 1, width // 4 * 3 or 1
    image[top:bottom, left:right] = 255

    square = letterbox.letterbox(image, 64, FILL)

    factor = letterbox.scale((height, width), 64)
    bright = square[:round(height * factor), :round(width * factor), 0] > 127
    rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
    found = [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
    np.testing.assert_allclose(found, np.array([top, left, bottom, right]) * factor, atol=max(1.0, factor / 2))


@pytest.mark.parametrize("height, width", [(100, 39), (39, 100), (100, 42), (7, 100)])
def test_a_point_comes_to_lie_exactly_at_its_scaled_place(height, width):
    places = np.stack(np.mgrid[:height, :width], -1) + 0.5                  # middles of pixels, y and x
    image = np.concatenate([places * 2, places[..., :1]], -1).astype(np.uint8)

    square = letterbox.letterbox(image, 32, FILL)

    factor = 32 / max(height, width)
    for axis, side in enumerate((height, width)):
        middles = (np.arange(int(side * factor)) + 0.5)[1:-1]               # at the border there is less to average
        found = square[:int(height * factor), :int(width * factor), axis].mean(1 - axis)[1:-1]
        np.testing.assert_allclose(found, 2 * middles / factor, atol=1.1)


@pytest.mark.parametrize("height, width", [(30, 60), (60, 30)])
def test_the_rest_is_filled_at_the_bottom_or_right(height, width):
    square = letterbox.letterbox(np.full([height, width, 3], 200, np.uint8), 32, FILL)

    picture, rest = np.split(square if height < width else square.swapaxes(0, 1), 2)
    assert (picture == 200).all() and (rest == FILL).all()


def test_a_picture_of_the_right_size_is_unchanged():
    image = np.random.default_rng(42).integers(0, 256, [32, 32, 3], np.uint8)

    np.testing.assert_array_equal(letterbox.letterbox(image, 32, FILL), image)


@pytest.mark.parametrize("height, width", [(1, 1), (1, 500), (500, 1), (2, 3)])
@pytest.mark.parametrize("side", [1, 32])
def test_tiny_and_thin_pictures_keep_a_pixel(height, width, side):
    square = letterbox.letterbox(np.full([height, width, 3], 200, np.uint8), side, FILL)

    assert square.shape == (side, side, 3) and (square[0, 0] == 200).all()


def counted(count, size=(20, 30), in_memory=False, broken=()):
    def read(index):
        reads.append(index)
        if index in broken:
            raise errors.DataError(f"{index}.jpg is not a whole picture")
        return np.full([*size, 3], index, np.uint8)

    reads = []
    return DetectionSplit([str(index) for index in range(count)], [size] * count, read,
                          lambda index: Objects.of([], []), in_memory=in_memory), reads


@pytest.mark.parametrize("in_memory", [False, True])
def test_each_picture_is_decoded_once(in_memory):
    split, reads = counted(6, in_memory=in_memory)
    pictures = letterbox.Letterboxed(split, 16, np.zeros(3))

    first, second = pictures[np.array([4, 0, 2])], pictures[np.array([2, 4, 4, 1])]

    assert first[:, 0, 0, 0].tolist() == [4, 0, 2] and second[:, 0, 0, 0].tolist() == [2, 4, 4, 1]
    assert sorted(reads) == [0, 1, 2, 4]


def test_what_does_not_fit_the_memory_is_decoded_again(monkeypatch):
    monkeypatch.setattr(letterbox, "CACHE_BYTES", 2 * 16 * 16 * 3)
    split, reads = counted(4)
    pictures = letterbox.Letterboxed(split, 16, np.zeros(3))

    for _ in range(2):
        assert pictures[np.arange(4)][:, 0, 0, 0].tolist() == [0, 1, 2, 3]

    assert sorted(reads) == [0, 1, 2, 2, 3, 3]


def test_generated_squares_are_not_kept_twice():
    split, reads = counted(3, size=(16, 16), in_memory=True)
    pictures = letterbox.Letterboxed(split, 16, np.zeros(3))

    assert pictures[np.array([1, 1])][:, 0, 0, 0].tolist() == [1, 1] and reads == [1, 1]


def test_no_picture_is_an_empty_batch():
    split, _ = counted(0)

    assert letterbox.Letterboxed(split, 16, np.zeros(3))[np.zeros(0, int)].shape == (0, 16, 16, 3)


def test_a_broken_picture_among_others_is_its_own_error():
    split, _ = counted(6, broken=[3])

    with pytest.raises(errors.DataError, match="3.jpg is not a whole picture"):
        letterbox.Letterboxed(split, 16, np.zeros(3))[np.arange(6)]
