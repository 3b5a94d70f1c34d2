"""The ladder of isolation: a level is believed after a hostile program found no way out, and only then."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

from npfl_kit import errors
from npfl_kit.grading.sandbox import containers, escapes, isolation, private_root, readable
from npfl_kit.grading.tasks.task import Limits

UNSHARE = isolation.Level("L1", "unshare")


@pytest.fixture
def has_unshare():
    if isolation.failure(UNSHARE):
        pytest.skip(isolation.failure(UNSHARE))


def test_the_probe_gives_a_level_and_says_why_not_another():
    found = isolation.probe()

    described = isolation.describe()
    assert found.name in isolation.LEVELS and sorted(described) == sorted(isolation.LEVELS)
    assert all(described[name].startswith("no: ") for name in isolation.LEVELS if name > found.name)
    assert not described[found.name].startswith("no: ")


def test_an_unknown_level_is_named():
    with pytest.raises(errors.UsageError, match="L9.*Known: L0, L1, L2, L3"):
        isolation.at("L9")


def test_an_absent_tool_is_a_reason(monkeypatch):
    monkeypatch.setattr(isolation.shutil, "which", lambda name: None)

    assert isolation.failure(isolation.Level("L1", "bwrap")) == "there is no bwrap"


def test_a_tool_that_fails_is_a_reason(monkeypatch):
    monkeypatch.setattr(private_root, "DROPPED", ("--no-such-option",))
    monkeypatch.setattr(isolation.shutil, "which", lambda name: name)

    assert "does not work here" in isolation.failure(UNSHARE)


def test_without_a_sandbox_the_hostile_program_gets_through(tmp_path):
    (tmp_path / "canary").write_text("x")

    ended = subprocess.run([sys.executable, "-I", "-B", "-S", escapes.__file__, tmp_path / "canary", str(os.getpid())],
                           capture_output=True, check=True)

    assert {"read files that are not for it", "see the grader's processes"} <= set(json.loads(ended.stdout))


@pytest.mark.parametrize("part, hole, found", [
    ("DROPPED", ("--no-new-privs",), "have capabilities, unmount, mount"),
    ("DROPPED", ("--bounding-set=-all", "--inh-caps=-all"), "have capabilities"),
    ("NAMESPACES", ("user", "mount", "pid", "ipc", "uts"), "use a network"),
])
def test_a_hole_in_the_sandbox_is_found(part, hole, found, has_unshare, monkeypatch):
    monkeypatch.setattr(private_root, part, hole)

    assert found in isolation.failure(UNSHARE)


def test_files_that_can_be_read_are_found(has_unshare, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    python = readable.of_python()
    monkeypatch.setattr(readable, "of_python", lambda: [*python, str(tmp_path)])

    assert "read files that are not for it" in isolation.failure(UNSHARE)


def test_a_namespace_of_users_that_can_be_made_is_found(has_unshare, monkeypatch):
    script = private_root.script
    monkeypatch.setattr(private_root, "script", lambda *parts: "\n".join(
        line for line in script(*parts).splitlines() if "max_user_namespaces" not in line))

    assert "make a namespace" in isolation.failure(UNSHARE)


def test_the_system_that_is_seen_can_be_written_is_found(has_unshare, monkeypatch):
    script = private_root.script
    monkeypatch.setattr(private_root, "script", lambda *parts: "\n".join(
        line for line in script(*parts).splitlines() if "remount,bind,ro" not in line))

    assert "write outside its box" in isolation.failure(UNSHARE)


def test_labs_are_in_no_place_that_is_readable():
    places = readable.places(readable.of_python())

    labs = readable.KIT / "labs"
    assert not any(str(labs) == place or readable.is_below(str(labs), place) for place in places)
    assert not any((pathlib.Path(place) / "share").exists() and place in (sys.prefix, sys.base_prefix)
                   for place in places)
    assert any(readable.is_below(str(readable.KIT / "npfl_kit" / "errors.py"), place) for place in places)


def test_a_link_is_readable_under_both_names(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert readable.places([str(tmp_path / "link")]) == [str(tmp_path / "link"), str(tmp_path / "real")]


def test_what_is_hidden_is_found_below_links(tmp_path):
    (tmp_path / "real" / "gold").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")

    masked = list(readable.masked([str(tmp_path / "link")], [str(tmp_path / "real" / "gold"), str(tmp_path / "no")]))

    assert masked == [str(tmp_path / "link" / "gold")]


def test_paths_with_blanks_are_mounted(has_unshare, tmp_path):
    folder = tmp_path / "my data, and 'more'"
    folder.mkdir()
    (folder / "file").write_text("seen")
    root = tmp_path / "a root"
    root.mkdir()

    command = UNSHARE.command(["cat", str(folder / "file")], str(root), [str(folder)], Limits())
    ended = subprocess.run(command.argv, capture_output=True, check=True)

    assert ended.stdout == b"seen"


LIMITS = Limits(memory=2**30, processes=99, disk=2**20)


def test_bubblewrap_shows_what_is_given_and_drops_the_rest(tmp_path):
    (tmp_path / "data" / "gold").mkdir(parents=True)

    argv, folder, stop = containers.command("bwrap", ["python", "-c", "1"], [str(tmp_path / "data"), "/no such"],
                                            [str(tmp_path / "data" / "gold")], LIMITS, ["HOME"], "name")

    text = " ".join(argv)
    assert argv[0] == "bwrap" and argv[-4:] == ["--", "python", "-c", "1"] and (folder, stop) == (None, None)
    assert f"--ro-bind {tmp_path}/data {tmp_path}/data" in text and "no such" not in text
    assert text.index(f"--tmpfs {tmp_path}/data/gold") > text.index(f"--ro-bind {tmp_path}/data")
    for option in ("--unshare-all", "--disable-userns", "--die-with-parent", "--cap-drop ALL",
                   "--size 1048576 --tmpfs /box", "--remount-ro / --chdir /box"):
        assert option in text


@pytest.mark.parametrize("tool", ["docker", "podman"])
def test_a_container_has_no_network_and_bounds(tool, monkeypatch):
    monkeypatch.setenv(containers.IMAGE, "busybox")

    argv, folder, stop = containers.command(tool, ["python"], ["/usr"], [], LIMITS, ["HOME"], "npfl-kit-1")

    text = " ".join(argv)
    assert text.startswith(f"{tool} run ") and text.endswith(" --entrypoint  busybox python")
    assert stop == [tool, "kill", "npfl-kit-1"] and folder is None
    for option in ("--network none", "--read-only", "--cap-drop ALL", "--security-opt no-new-privileges",
                   "--pids-limit 99", f"--memory {2**30 + 2**20}", "--env HOME", "--name npfl-kit-1",
                   "--mount type=bind,source=/usr,target=/usr,readonly", "--pull never", "--interactive"):
        assert option in text
    assert "--tty" not in text and "privileged" not in text.replace("no-new-privileges", "")


def test_isolate_counts_memory_and_not_addresses():
    argv, _, stop = containers.command("isolate", ["python"], ["/usr"], [], LIMITS, [], "npfl-kit-000000ff")

    assert "--cg-mem=1048576" in argv and "--processes=99" in argv and "--box-id=255" in argv
    assert not any(option.startswith(("--mem=", "--share-net")) for option in argv)
    assert argv[-3:] == ["--run", "--", "python"] and stop[-1] == "--cleanup"
