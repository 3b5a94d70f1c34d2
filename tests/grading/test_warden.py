"""The supervisor of a child: steps and their clock, what is measured, and that nobody is left at the end."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from npfl_kit.grading.sandbox import head_tail, process_tree, warden, watch

ECHO = "import sys\nfor line in sys.stdin: print('did', line.strip()); sys.stdout.flush()\n"
LIMITS = {"memory": 10**9, "processes": 50, "output": 1000, "claims": 10**6, "disk": 10**6, "kernel": {}}


def job(script, steps, **limits):
    return {"argv": [sys.executable, "-I", "-S", "-c", script], "env": {}, "cwd": None, "stop": None, "watch": None,
            "scratch": None, "limits": {**LIMITS, **limits},
            "steps": [{"send": send, "seconds": seconds} for send, seconds in steps]}


def start(work):
    process = subprocess.Popen([sys.executable, "-I", "-B", "-S", warden.__file__], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdin.write(json.dumps(work).encode() + b"\n")
    process.stdin.flush()
    return process


def report(work):
    with start(work) as process:
        return json.loads(process.stdout.read())


def test_each_line_ends_a_step_and_the_last_one_all():
    found = report(job(ECHO, [("one\n", 10), ("two\n", 10)]))

    assert (found["reason"], found["lines"], found["survivors"]) == ("done", ["did one", "did two"], 0)
    assert len(found["steps"]) == 2 and all(0 < step["seconds"] < 10 for step in found["steps"])
    assert found["peak_rss"] > 10**6


def test_a_step_has_its_own_clock():
    slow = "import sys, time\nfor line in sys.stdin: time.sleep(0.3); print(line, end='', flush=True)\n"

    found = report(job(slow, [("1\n", 5), ("2\n", 5), ("3\n", 0.1)]))

    assert (found["reason"], found["lines"]) == ("seconds", ["1", "2"])
    assert found["steps"][0]["seconds"] >= 0.3 and 0.1 <= found["steps"][2]["seconds"] < 0.3


@pytest.mark.parametrize("script, code", [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)])
def test_an_end_without_an_answer_is_told_with_its_code(script, code):
    found = report(job(script, [("", 10)]))

    assert (found["reason"], found["code"], found["lines"]) == ("exit", code, [])


def test_what_is_printed_belongs_to_the_step_in_which_it_was():
    script = "import sys\nfor line in sys.stdin: print('about', line, file=sys.stderr); print('ok', flush=True)\n"

    found = report(job(script, [("one\n", 10), ("two\n", 10)]))

    assert [step["output"].strip() for step in found["steps"]] == ["about one", "about two"]


def test_a_long_line_is_sent_to_a_child_that_reads_late():
    script = "import sys, time\nfor line in sys.stdin: time.sleep(0.1); print(len(line), flush=True)\n"

    found = report(job(script, [("x" * 10**6 + "\n", 10), ("y\n", 10)]))

    assert found["lines"] == ["1000001", "2"]


def test_more_claims_than_are_read_end_it():
    found = report(job("import sys\nwhile True: sys.stdout.write('x' * 10000)", [("", 20)]))

    assert (found["reason"], found["lines"]) == ("claims", [])


def test_a_child_that_never_reads_is_no_deadlock():
    found = report(job("import time; time.sleep(60)", [("x" * 10**6 + "\n", 0.3)]))

    assert found["reason"] == "seconds"


def test_limits_of_the_kernel_hold():
    found = report(job("import resource; print(resource.getrlimit(resource.RLIMIT_CORE), "
                       "resource.getrlimit(resource.RLIMIT_NOFILE))", [("", 10)],
                       kernel={"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 99, "RLIMIT_NONE": 5}))

    assert found["lines"] == ["(0, 0) (99, 99)"]


FAMILY = """
import os, sys, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            print(os.getpid(), file=sys.stderr, flush=True)
            os.close(2)
            time.sleep(600)
        os._exit(0)
time.sleep(0.3)
print("done", flush=True)
time.sleep(600)
"""


def test_daemons_are_found_and_ended():
    found = report(job(FAMILY, [("", 20)]))

    daemons = [int(line) for line in found["steps"][0]["output"].split()]
    assert (found["reason"], found["survivors"], len(daemons)) == ("done", 0, 2) and found["left"] >= 2
    assert all(process_tree.status(pid).get("State", "X")[0] in process_tree.ENDED for pid in daemons)


@pytest.mark.parametrize("end", ["close", signal.SIGTERM, signal.SIGKILL])
def test_a_warden_whose_grader_is_gone_ends_all(end, tmp_path):
    script = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with start(job(script, [("", 600)])) as process:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        child = int((tmp_path / "pid").read_text())

        process.stdin.close() if end == "close" else process.send_signal(end)
        said = process.stdout.read()

    assert said == b""
    deadline = time.monotonic() + 10
    while (state := process_tree.status(child).get("State", "X"))[0] not in process_tree.ENDED \
            and time.monotonic() < deadline:
        time.sleep(0.01)
    assert state[0] in process_tree.ENDED


def test_a_tree_is_counted_once_and_to_a_bound():
    with subprocess.Popen([sys.executable, "-c", "import os, time; os.fork(); os.fork(); time.sleep(60)"]) as process:
        deadline = time.monotonic() + 10
        while len(process_tree.descendants(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)

        found, bounded = (process_tree.descendants(process.pid, most) for most in (100, 0))
        used = process_tree.usage([process.pid, *found])
        once = process_tree.shared_once([process.pid, *found, 2**22 + 1], -1)
        for pid in [process.pid, *found]:
            os.kill(pid, signal.SIGKILL)

    assert len(found) == len(set(found)) == 3 and 1 <= len(bounded) <= 2
    assert used.tasks == 4 and 0 < once < used.memory


def test_the_disk_is_counted_without_following_links(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 10_000)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "out").symlink_to("/usr")

    assert 10_000 <= watch.folder_bytes(str(tmp_path)) < 50_000


@pytest.mark.parametrize("sizes", [[1] * 100, [100], [3, 50, 47], [4, 4], [], [7, 1]])
def test_head_and_tail_are_those_of_the_whole(sizes):
    data = bytes(range(33, 133))[:sum(sizes)]
    kept, place = head_tail.HeadTail(8), 0

    for size in sizes:
        kept.add(data[place:place + size])
        place += size

    expected = data.decode("utf-8", "replace") if len(data) <= 8 else \
        (data[:4] + f"\n[... {len(data) - 8:,} bytes left out ...]\n".encode() + data[-4:]).decode("utf-8", "replace")
    assert kept.text() == expected and len(kept) == min(8, len(data))


def test_the_warden_needs_nothing_that_is_installed():
    ended = subprocess.run([sys.executable, "-I", "-S", "-c",
                            f"import sys; sys.path.insert(0, {str(pathlib.Path(warden.__file__).parents[3])!r}); "
                            "import npfl_kit.grading.sandbox.warden; print('numpy' in sys.modules)"],
                           capture_output=True)

    assert ended.stdout == b"False\n", ended.stderr
