"""The cache: filled once, by one process at a time, whole or not at all."""
import gzip
import hashlib
import random
import signal
import time
import types

import filelock
import pytest

from npfl_kit import errors
from npfl_kit.data import cache, download, transfer


def test_a_download_lies_in_the_cache_and_is_not_repeated(toy, server, capsys):
    folder = toy.fetch()
    toy.fetch()

    assert folder == cache.folder("toy")
    toy.assert_whole(folder)
    assert server.requests == [("/file", None)]
    assert capsys.readouterr().err == "Downloading toy/toy.bin (300.0 kB)\n"


def test_without_a_network_one_error_says_what_is_missing_and_how_to_go_on(toy, server):
    server.shutdown()
    server.server_close()

    message = toy.failure()

    assert "no connection" in message and "toy.bin of toy, 300.0 kB" in message
    for way_on in (f"{server.url}/file", str(cache.folder("toy")), "--data_dir", "--dataset=glyphs"):
        assert way_on in message


def test_offline_mode_touches_no_network(toy, server, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_OFFLINE", "1")

    assert "NPFL_KIT_OFFLINE" in toy.failure()
    assert server.requests == []


def test_a_file_put_there_by_hand_is_taken_offline(toy, server, monkeypatch):
    monkeypatch.setenv("NPFL_KIT_OFFLINE", "1")
    cache.folder("toy").mkdir(parents=True)
    (cache.folder("toy") / "toy.bin").write_bytes(toy.content)

    toy.assert_whole(toy.fetch())


def test_a_file_of_a_wrong_size_is_replaced_and_offline_it_is_named(toy, server, monkeypatch):
    cache.folder("toy").mkdir(parents=True)
    (cache.folder("toy") / "toy.bin").write_bytes(toy.content[:7])

    monkeypatch.setenv("NPFL_KIT_OFFLINE", "1")
    assert "has 7 bytes instead of 300000" in toy.failure()

    monkeypatch.delenv("NPFL_KIT_OFFLINE")
    toy.assert_whole(toy.fetch())


def test_an_unknown_data_set_is_a_usage_error_with_the_nearest_name(toy):
    with pytest.raises(errors.UsageError, match="did you mean toy"):
        download.fetch("toi")


def test_two_processes_download_once_and_both_end_well(toy, server):
    server.plan = {"/file": ["waits_then_serves"] * 2}

    both = [toy.fetch_elsewhere(), toy.fetch_elsewhere()]
    outputs = [process.communicate(timeout=30) for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    toy.assert_whole(cache.folder("toy"))
    assert server.requests == [("/file", None)]


def test_waiting_for_another_process_is_announced_once(toy, server):
    toy.fetch()
    (cache.folder("toy") / "toy.bin").unlink()
    with filelock.FileLock(cache.root() / "toy.lock"):
        waiting = toy.fetch_elsewhere()
        announcement = waiting.stderr.readline()
        time.sleep(0.2)

    _, rest = waiting.communicate(timeout=30)

    assert announcement.startswith("Waiting for another process") and "Waiting" not in rest
    assert waiting.returncode == 0
    toy.assert_whole(cache.folder("toy"))


def test_a_killed_download_is_resumed_by_the_next_process(toy, server):
    server.plan = {"/file": ["stalls"]}
    killed = toy.fetch_elsewhere()
    part = cache.folder("toy") / "toy.bin.part"
    deadline = time.monotonic() + 20
    while transfer.size_of(part) < 30_000 and time.monotonic() < deadline:
        time.sleep(0.01)

    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    kept = transfer.size_of(part)
    assert kept >= 30_000
    toy.assert_whole(toy.fetch())

    assert server.requests[1:] == [("/file", f"bytes={kept}-")]


def test_a_full_disk_is_a_data_error_and_leaves_nothing_half_written(toy, server):
    process = toy.fetch_elsewhere(largest_file=90_000)

    _, err = process.communicate(timeout=30)

    assert process.returncode == 2
    assert "error: Cannot write" in err and "Traceback" not in err
    assert list(cache.folder("toy").iterdir()) == []


def test_a_disk_that_is_too_small_is_found_before_anything_is_written(toy, server, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: types.SimpleNamespace(free=1000))

    message = toy.failure()

    assert "needs 300.0 kB" in message and "1.0 kB are free" in message
    assert server.requests == []


def test_a_cache_that_cannot_be_a_folder_is_a_data_error(toy, tmp_path, monkeypatch):
    (tmp_path / "occupied").write_text("a file, not a folder")
    monkeypatch.setenv("NPFL_KIT_CACHE", str(tmp_path / "occupied"))

    assert "NPFL_KIT_CACHE" in toy.failure()
    assert (tmp_path / "occupied").read_text() == "a file, not a folder"


def test_a_complete_cache_is_read_without_writing_beside_it(toy, server):
    folder = toy.fetch()
    (folder.parent / "toy.lock").unlink(missing_ok=True)

    toy.fetch()

    assert [path.name for path in folder.parent.iterdir()] == ["toy"]


CONTENT = random.Random(7).randbytes(30_000)


@pytest.mark.parametrize("present, state, detail", [
    (gzip.compress(CONTENT, 6, mtime=0), "right", ""),
    (gzip.compress(CONTENT, 1, mtime=9), "rewrapped", "another gzip wrapper"),
    (gzip.compress(CONTENT[1:] + b"!", 6, mtime=0), "wrong", "instead of"),
    (gzip.compress(CONTENT, 6, mtime=0)[:-9], "wrong", "bytes instead of"),
    (gzip.compress(bytes(100_000_000), 1), "wrong", "bytes instead of"),
    (None, "missing", "expected in"),
], ids=["right", "rewrapped", "other content", "truncated", "bomb", "missing"])
def test_verify_tells_the_states_of_a_file_apart(toy, tmp_path, present, state, detail):
    toy.write(gzip.compress(CONTENT, 6, mtime=0), name="toy.gz",
              more=f'content_bytes = {len(CONTENT)}\ncontent_sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"')
    if present is not None:
        (tmp_path / "toy.gz").write_bytes(present)

    finding, = download.verify("toy", tmp_path)

    assert finding.state == state and detail in finding.detail
    assert finding.is_usable == (state in ("right", "rewrapped"))


def test_verify_takes_an_unzipped_file_for_what_it_is(toy, tmp_path):
    toy.write(gzip.compress(CONTENT), name="toy.gz",
              more=f'content_bytes = {len(CONTENT)}\ncontent_sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"')
    (tmp_path / "toy").write_bytes(CONTENT)

    finding, = download.verify("toy", tmp_path)

    assert finding.is_usable and "unzipped" in finding.detail


def test_verify_knows_the_mnist_of_the_bundle_as_rewrapped(shared, monkeypatch):
    monkeypatch.delenv("NPFL_KIT_HOME", raising=False)

    findings = download.verify("mnist", shared / "data" / "mnist")

    assert [finding.state for finding in findings] == ["rewrapped"] * 4
