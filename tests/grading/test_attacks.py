"""Hostile scripts, each run as a submission: it ends in a named state, learns nothing, and leaves nothing behind."""
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from npfl_kit.grading.sandbox import isolation, runner
from npfl_kit.grading.tasks.task import Limits

ATTACKS = pathlib.Path(__file__).with_name("attacks")
SMALL = {"seconds": 20.0, "memory": 3 * 10**8, "processes": 100, "output": 4096, "disk": 2 * 10**7}
STRONG, ANY, SANDBOX = ("the strongest",), ("L0", "L1"), ("L1",)

#   name of the script, state, type of the error, levels, limits
ENDS = {
    "exits_at_once":                    ("lost", "lost",                STRONG,     {}),
    "asks_to_exit":                     ("error", "SystemExit",         STRONG,     {}),
    "answers_at_exit":                  ("error", "RuntimeError",       STRONG,     {}),
    "interrupts_itself":                ("error", "KeyboardInterrupt",  STRONG,     {}),
    "raises_an_unreadable_error":       ("error", "Exception",          STRONG,     {}),
    "crashes":                          ("lost", "lost",                STRONG,     {}),
    "recurses":                         ("error", "RecursionError",     STRONG,     {}),
    "recurses_without_a_bound":         ("lost", "lost",                STRONG,     {}),
    "never_ends":                       ("limit", "seconds",            ANY,        {"seconds": 0.3}),
    "ignores_signals":                  ("limit", "seconds",            STRONG,     {"seconds": 0.3}),
    "stops_itself":                     ("limit", "seconds",            ANY,        {"seconds": 0.3}),
    "forks_many":                       ("limit", "processes",          ANY,        {}),
    "forks_without_end":                ("limit", "processes",          SANDBOX,    {}),
    "starts_many_threads":              ("limit", "processes",          STRONG,     {}),
    "eats_memory":                      ("limit", "memory",             STRONG,     {}),
    "eats_memory_by_children":          ("limit", "memory",             STRONG,     {}),
    "hides_memory_in_files":            ("limit", "memory",             STRONG,     {}),
    "hides_memory_in_segments":         ("limit", "disk",               SANDBOX,    {}),
    "prints_without_end":               ("limit", "seconds",            STRONG,     {"seconds": 0.5}),
    "writes_a_giant_file":              ("limit", "disk",               ANY,        {}),
    "closes_all_descriptors":           ("lost", "lost",                STRONG,     {}),
}
#   scripts whose value is taken, and of no use: they gain nothing with what they do beside it
RETURNS = {"prints_a_lot": STRONG, "leaves_a_thread": ANY, "leaves_a_daemon": ANY, "returns_twice": ANY,
           "deletes_its_box": ANY}


@pytest.fixture
def level(request):
    """The level of that name; skipped, with the reason, where the machine has none."""
    if request.param == "the strongest":
        return isolation.probe()
    try:
        return isolation.at(request.param)
    except isolation.IsolationError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """A folder for boxes, which is empty again after each test."""
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(boxes))
    yield
    assert list(boxes.iterdir()) == []


def attack(name, level, *arguments, token="", hidden=(), data_dirs=(), **limits):
    """The outcome of a script, after which none of its processes is left."""
    token = token or secrets.token_hex(8)
    sources = {"attack.py": (ATTACKS / f"{name}.hostile").read_bytes()}
    case = runner.JobCase("attack", call="attack", arguments={str(i): each for i, each in enumerate(arguments)})
    outcome, = runner.run(sources, [case], Limits(**{**SMALL, **limits}), level, data_dirs, hidden=hidden,
                          environment={"NPFL_KIT_TOKEN": token})
    assert processes(token) == []
    return outcome


def processes(token):
    """The processes whose environment has the token."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if token.encode() in pathlib.Path(f"/proc/{process}/environ").read_bytes():
                found.append(process)
        except OSError:
            pass
    return found


def cases(table, levels):
    return [pytest.param(name, level, id=f"{name}-{level}") for name, row in table.items() for level in levels(row)]


@pytest.mark.parametrize("name, level", cases(ENDS, lambda row: row[2]), indirect=["level"])
def test_an_attack_ends_in_its_state_without_a_value(name, level):
    state, kind, _, limits = ENDS[name]

    outcome = attack(name, level, **limits)

    assert (outcome.state, outcome.error["type"], outcome.value) == (state, kind, None)
    assert outcome.isolation == level.name
    assert len(outcome.output) < 2 * SMALL["output"]


@pytest.mark.parametrize("name, level", cases(RETURNS, lambda row: row), indirect=["level"])
def test_what_is_done_beside_a_value_is_of_no_use(name, level):
    outcome = attack(name, level)

    assert (outcome.state, outcome.value) == ("ok", 1)


@pytest.mark.parametrize("level", ["L0"], indirect=True)
def test_many_files_are_over_the_limit_of_the_disk(level):
    outcome = attack("writes_many_files", level)

    assert (outcome.state, outcome.error["type"]) == ("limit", "disk")


def test_memory_that_children_share_counts_once():
    outcome = attack("shares_memory", isolation.probe())

    assert (outcome.state, outcome.value) == ("ok", 150 * 10**6)
    assert outcome.peak_rss > 150 * 10**6


def test_of_a_long_output_head_and_tail_are_kept():
    outcome = attack("prints_a_lot", isolation.probe())

    assert outcome.output.startswith("the beginning\n") and outcome.output.endswith("the end\n")
    assert "bytes left out" in outcome.output and len(outcome.output) < SMALL["output"] + 100


CLAIM = '{"case":"attack","repeat":0,"value":%s}\n'
FORGED = {"a score": CLAIM.replace("%s", '1,"score":10,"state":"graded"'), "no text": "\udcff\udcfe\n",
          "too deep": CLAIM % ("[" * 100_000 + "]" * 100_000)}       # of those in test_claims


@pytest.mark.parametrize("line", FORGED.values(), ids=FORGED.keys())
def test_a_forged_line_is_an_error(line):
    outcome = attack("forges_lines", isolation.probe(), line)

    assert (outcome.state, outcome.error["type"], outcome.value) == ("error", "Tampering", None)


def test_a_line_without_an_end_is_a_limit(monkeypatch):
    monkeypatch.setattr(runner, "CLAIMS", 10**6)

    outcome = attack("forges_lines", isolation.probe(), "x" * 900_000)
    longer = attack("forges_lines", isolation.probe(), ("x" * 900_000 + "\n") * 2)

    assert (outcome.state, outcome.value) == ("error", None)        # with our own line behind it, it is no claim
    assert longer.value is None


def test_a_forged_claim_is_only_a_claim():
    outcome = attack("forges_lines", isolation.probe(), CLAIM % '"forged"')

    assert (outcome.state, outcome.value) == ("ok", "forged")       # as if the function had returned it


def test_claims_before_the_question_are_refused():
    sources = {"attack.py": (ATTACKS / "forges_while_imported.hostile").read_bytes()}
    two = [runner.JobCase("attack", call="attack"), runner.JobCase("hidden", call="attack")]

    outcomes = runner.run(sources, two, Limits(**SMALL), isolation.probe())

    assert {outcome.state for outcome in outcomes} <= {"ok", "error"}
    assert outcomes[1].state == "error" and outcomes[1].value is None


@pytest.mark.parametrize("name", ["patches_the_grader", "writes_results"])
def test_what_is_changed_in_the_child_changes_no_result(name):
    outcome = attack(name, isolation.probe())

    assert outcome.state in ("ok", "error", "lost")
    assert not isinstance(outcome.value, dict) and outcome.value in (None, 1)


@pytest.mark.parametrize("name", ["leaves_links", "replaces_its_box_by_a_link"])
@pytest.mark.parametrize("level", ANY, indirect=True)
def test_links_in_a_box_lead_nobody_out(name, level, tmp_path):
    target = tmp_path / "home" / "grades.json"
    target.parent.mkdir()
    target.write_text("a teacher's file")

    outcome = attack(name, level, str(target))

    assert (outcome.state, target.read_text(), len(list(target.parent.iterdir()))) == ("ok", "a teacher's file", 1)


@pytest.mark.parametrize("level", SANDBOX, indirect=True)
def test_no_secret_is_to_be_found(level, tmp_path, monkeypatch):
    canaries = []

    def plant(path):
        canaries.append(f"CANARY-{secrets.token_hex(8)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(canaries[-1])
        return str(path)

    data = tmp_path / "data"
    paths = [plant(tmp_path / name) for name in ("labs/lab.toml", "labs/lab.reference.json", "home/.netrc", "secret")]
    hidden = [plant(data / "gold" / "test.txt"), plant(data / "store.sqlite3"), plant(data / "gold2")]
    seen = plant(data / "train.txt")
    monkeypatch.setenv("SECRET", f"CANARY-{secrets.token_hex(8)}")
    listening = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", f"CANARY-{'0' * 16}"],
                                 stdin=subprocess.PIPE)
    try:
        outcome = attack("searches_for_secrets", level, *paths, *hidden, seen, data_dirs=[data],
                         hidden=[data / "gold", data / "store.sqlite3", data / "gold2"])
    finally:
        listening.communicate()

    assert (outcome.state, outcome.value) == ("ok", [canaries[-1]])     # what is readable is found: it does search
    assert not any(canary in repr(outcome) for canary in canaries[:-1])


@pytest.mark.parametrize("level", SANDBOX, indirect=True)
def test_there_is_no_network(level):
    name = secrets.token_hex(8)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + name)
        local.listen()

        outcome = attack("goes_online", level, server.getsockname()[1], name)

    assert (outcome.state, outcome.value) == ("ok", [])


@pytest.mark.parametrize("level", SANDBOX, indirect=True)
def test_processes_outside_cannot_be_killed(level):
    outcome = attack("kills_everybody", level)

    assert outcome.state in ("ok", "lost")      # lost if it killed the launcher of its sandbox, but nobody else


@pytest.mark.parametrize("level", SANDBOX, indirect=True)
def test_nothing_of_the_machine_can_be_changed(level):
    before = [os.stat(path).st_mode for path in ("/dev/null", "/dev/zero", "/usr/lib", "/")]

    outcome = attack("changes_devices", level)

    assert (outcome.state, outcome.value) == ("ok", [])
    assert [os.stat(path).st_mode for path in ("/dev/null", "/dev/zero", "/usr/lib", "/")] == before


@pytest.mark.parametrize("level", SANDBOX, indirect=True)
def test_a_student_has_no_way_out(level, tmp_path):
    (tmp_path / "canary").write_text("CANARY")
    escapes = pathlib.Path(isolation.__file__).with_name("escapes.py").read_text(encoding="utf-8")
    source = escapes + f"\n\ndef attack():\n    sys.argv[:] = ['', {str(tmp_path / 'canary')!r}, '{os.getpid()}']\n" \
                       f"    main()\n"

    outcome, = runner.run({"attack.py": source.encode()}, [runner.JobCase("attack", call="attack")], Limits(**SMALL),
                          level)

    assert (outcome.state, outcome.output) == ("ok", "[]\n")


SHADOWS = ("json.py", "numpy.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "npfl_kit.py", "values.py",
           "base64.py", "x.pth")


@pytest.mark.parametrize("level", ANY, indirect=True)
def test_no_upload_hides_a_module(level):
    shadows = {name: b"import os; print('SHADOW'); os._exit(0)\n" for name in SHADOWS}
    script = b"import json, numpy, base64, npfl_kit.version\ndef attack(): return numpy.float32(1)\n"

    outcome, = runner.run({**shadows, "attack.py": script}, [runner.JobCase("attack", call="attack")], Limits(**SMALL),
                          level)

    assert (outcome.state, outcome.value, outcome.output) == ("ok", 1, "")


ENDLESS = """
import sys
from npfl_kit.grading.sandbox import isolation, runner
from npfl_kit.grading.tasks.task import Limits
source = b'''
import os, time
def attack():
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            os.fork()
            time.sleep(600)
    time.sleep(600)
'''
runner.run({"attack.py": source}, [runner.JobCase("attack", call="attack")], Limits(), isolation.at(sys.argv[1]),
           environment={"NPFL_KIT_TOKEN": sys.argv[2]})
"""


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("level", ANY, indirect=True)
def test_nobody_outlives_the_grader(level):
    token, boxes = secrets.token_hex(8), tempfile.mkdtemp(dir=os.getcwd())
    grader = subprocess.Popen([sys.executable, "-c", ENDLESS, level.name, token],
                              env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                                   "TMPDIR": boxes})
    try:
        started = until(lambda: len(processes(token)) >= 7)
    finally:
        grader.send_signal(signal.SIGKILL)
        grader.wait()

    assert started
    assert until(lambda: not processes(token))
    assert until(lambda: not os.listdir(boxes))
