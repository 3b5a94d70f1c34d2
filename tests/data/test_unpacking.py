"""Archives of strangers: unpacked whole, or refused whole."""
import gzip
import io
import random
import tarfile

import pytest

from npfl_kit.data import cache, download


def packed(*members):
    """A .tar.gz of `(name, content)`; a TarInfo instead of a name is taken as it is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def special(name, **fields):
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


@pytest.fixture
def archive(toy, server):
    """Serves a .tar.gz as the data set `toy`, which unpacks to the folder `pictures`."""
    def write(content):
        server.contents["/file"] = content
        toy.write(content, name="toy.tgz", paths=["/file"], more='unpacks = "pictures"\nunpacked_bytes = 100_000')
    return write


def test_an_archive_is_unpacked_and_removed(archive, toy, server):
    archive(packed(("pictures/a/1.jpg", b"one"), ("./pictures/2.jpg", b"two")))

    folder = toy.fetch()
    toy.fetch()

    assert len(server.requests) == 1
    assert [finding.state for finding in download.verify("toy", folder)] == ["unpacked"]
    assert (folder / "pictures" / "a" / "1.jpg").read_bytes() == b"one"
    assert sorted(path.name for path in folder.iterdir()) == ["pictures"]


@pytest.mark.parametrize("member", [
    ("../evil", b"x"), ("pictures/../../evil", b"x"), ("/evil", b"x"), ("other/evil", b"x"), ("c:/evil", b"x"),
    ("pictures/..\\..\\x", b"x"), ("pictures/c:evil", b"x"), ("pictures/ok", b"twice"),
    ("pictures/big", bytes(100_000)),
    (special("pictures/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
    (special("pictures/hard", type=tarfile.LNKTYPE, linkname="pictures/ok"), b""),
    (special("pictures/pipe", type=tarfile.FIFOTYPE), b""),
    (special("pictures/device", type=tarfile.CHRTYPE), b""),
], ids=lambda member: str(getattr(member[0], "name", member[0])))
def test_an_archive_with_a_member_that_is_not_safe_is_refused_whole(archive, toy, tmp_path, member):
    archive(packed(("pictures/ok", b"ok"), member))

    assert "toy.tgz" in toy.failure()

    assert [path.name for path in cache.folder("toy").iterdir()] == ["toy.tgz"]
    assert not (tmp_path / "evil").exists()


def test_a_bomb_is_stopped_at_the_bound(archive, toy):
    archive(packed(("pictures/zeros", bytes(50_000_000))))

    assert "more than 100000 bytes" in toy.failure()


@pytest.mark.parametrize("content", [
    b"no gzip at all", packed(("pictures/a", random.Random(1).randbytes(90_000)))[:50_000],
    gzip.compress(b"no tar in it" * 100), packed(("pictures", b"a file")),
], ids=["text", "truncated", "no tar", "no folder"])
def test_a_damaged_archive_is_a_data_error(archive, toy, content):
    archive(content)

    assert "Cannot unpack" in toy.failure()
    assert [path.name for path in cache.folder("toy").iterdir()] == ["toy.tgz"]


def test_a_wrong_archive_put_there_by_hand_is_not_unpacked(archive, toy):
    archive(good := packed(("pictures/a", b"a")))
    cache.folder("toy").mkdir(parents=True)
    (cache.folder("toy") / "toy.tgz").write_bytes(bytes(len(good)))

    assert "sha256" in toy.failure()


def test_the_scratch_folder_of_a_killed_unpacking_is_removed(archive, toy):
    archive(packed(("pictures/a", b"a")))
    (cache.folder("toy") / ".unpacking-old" / "deep").mkdir(parents=True)

    folder = toy.fetch()

    assert sorted(path.name for path in folder.iterdir()) == ["pictures"]


def test_a_disk_that_fills_while_unpacking_leaves_no_half_folder(archive, toy):
    archive(packed(("pictures/a", b"a"), ("pictures/zeros", bytes(80_000))))
    process = toy.fetch_elsewhere(largest_file=9_000)

    _, err = process.communicate(timeout=30)

    assert process.returncode == 2 and "error: Cannot unpack" in err
    assert [path.name for path in cache.folder("toy").iterdir()] == ["toy.tgz"]
