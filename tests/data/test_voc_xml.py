"""Annotations of Pascal VOC as tools write them, and files that are none."""
import numpy as np
import pytest

from npfl_kit import errors
from npfl_kit.data import voc_xml

NAN = float("nan")


def xml(*objects, size="<size><width>20</width><height>10</height><depth>3</depth></size>", head=""):
    return f"{head}<annotation><filename>a.jpg</filename>{size}{''.join(objects)}</annotation>".encode()


def an_object(ymin=3, xmin=4, ymax=8, xmax=9, name="cat", more=""):
    return (f"<object><name>{name}</name>{more}<bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax>"
            f"<ymax>{ymax}</ymax></bndbox></object>")


def failure(data):
    with pytest.raises(errors.DataError) as caught:
        voc_xml.parse(data, "a.xml")
    return str(caught.value)


def test_pixels_counted_from_one_become_borders_between_pixels():
    found = voc_xml.parse(xml(an_object(1, 1, 10, 20), an_object(3, 4, 8, 9)), "a.xml")

    assert found.boxes.tolist() == [[0, 0, 10, 20], [2, 3, 8, 9]]
    assert (found.filename, found.size, found.names) == ("a.jpg", (10, 20), ["cat", "cat"])
    assert found.difficult.tolist() == [False, False]


def test_a_picture_without_objects_is_ordinary():
    found = voc_xml.parse(xml(), "a.xml")

    assert found.boxes.shape == (0, 4) and found.names == [] and found.difficult.shape == (0,)


@pytest.mark.parametrize("text, is_difficult", [("0", False), ("1", True), ("", False), ("true", True)])
def test_difficult_objects_are_marked(text, is_difficult):
    found = voc_xml.parse(xml(an_object(more=f"<difficult>{text}</difficult>")), "a.xml")

    assert found.difficult.tolist() == [is_difficult]


@pytest.mark.parametrize("size", ["", "<size><width>0</width><height>0</height></size>",
                                  "<size><width>70000</width><height>10</height></size>", "<size/>"])
def test_an_absent_or_impossible_size_is_none(size):
    assert voc_xml.parse(xml(size=size), "a.xml").size is None


@pytest.mark.parametrize("corners", [(5, 5, 5, 9), (5, 5, 5, 5), (8, 2, 3, 9)])
def test_a_box_without_area_does_not_get_one(corners):
    box = voc_xml.parse(xml(an_object(*corners)), "a.xml").boxes[0]

    assert box[0] >= box[2] or box[1] >= box[3]


def test_fractions_and_not_a_number_are_read():
    boxes = voc_xml.parse(xml(an_object(1.5, 1, 3.25, 4), an_object("nan", 1, 2, 3)), "a.xml").boxes

    np.testing.assert_array_equal(boxes[0], [0.5, 0, 3.25, 4])
    assert np.isnan(boxes[1, 0])


def test_parts_of_an_object_are_no_objects():
    part = "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>"

    assert voc_xml.parse(xml(an_object(more=part)), "a.xml").names == ["cat"]


@pytest.mark.parametrize("data, said", [
    (b"", "no element found"), (b"not xml", "syntax error"), (b"\xff\xd8\xff\xe0 a picture", "not well-formed"),
    (xml(an_object())[:-30], "unclosed token"), (b"<html></html>", "<html> instead of <annotation>"),
    (xml("<object><name>cat</name></object>"), "an <object> has no <bndbox><ymin>"),
    (xml(an_object(name="")), "an <object> has no <name>"),
    (xml(an_object(ymin="two")), "<ymin> is 'two', no number"),
    (xml(an_object(xmax="")), "has no <bndbox><xmax>"),
    (xml(size="<size><width>inf</width><height>1</height></size>"), "infinity"),
    (b'<?xml version="1.0" encoding="no-such"?><annotation/>', "encoding")])
def test_what_is_no_annotation_is_a_data_error_naming_the_file(data, said):
    text = failure(data)

    assert text.startswith("a.xml: expected an annotation of Pascal VOC, found something else (") and said in text
    assert text.endswith("Mend or delete that file.")


BOMB = "<!DOCTYPE a [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {after} '{f'&{before};' * 50}'>" for before, after in zip("abcdefgh", "bcdefghi")) + "]>"


@pytest.mark.parametrize("data", [
    xml(an_object(name="&i;"), head=BOMB),
    xml(an_object(name="&x;"), head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    xml(an_object(), head='<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd">'),
    xml(an_object(name="&i;"), head=BOMB).decode().encode("utf-16"),
    xml(an_object(), head=BOMB.replace("<!DOCTYPE", " \n<!-- x --><!DOCTYPE"))],
    ids=["expansion", "outside file", "outside type", "utf-16", "after a comment"])
def test_a_document_type_is_refused_before_anything_is_expanded(data):
    assert "it has a <!DOCTYPE>" in failure(data)


def test_an_undefined_entity_is_refused():
    assert "undefined entity" in failure(xml(an_object(name="&nothing;")))


def test_a_huge_file_is_refused_unread():
    assert failure(b"<annotation>" + b" " * voc_xml.MAX_BYTES).startswith("a.xml has 4,194,316 bytes")


def test_a_deep_file_is_survived():
    depth = 100_000

    found = voc_xml.parse(xml("<a>" * depth + "</a>" * depth), "a.xml")

    assert found.names == []


def test_five_hundred_objects_are_read():
    assert len(voc_xml.parse(xml(*[an_object()] * 500), "a.xml").boxes) == 500
