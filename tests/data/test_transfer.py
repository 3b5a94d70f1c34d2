"""One file over HTTP from a server that misbehaves."""
import hashlib
import time

import pytest

from npfl_kit.data import cache, transfer


@pytest.mark.parametrize("behavior", ["breaks_off", "resets", "stalls"])
def test_what_arrived_before_a_failure_is_not_downloaded_again(toy, server, behavior):
    server.plan = {"/file": [behavior, behavior]}
    toy.write(paths=["/file"])

    toy.assert_whole(toy.fetch())

    starts = [int(wish[6:-1]) if wish else 0 for _, wish in server.requests]
    assert starts == sorted(set(starts)) and len(starts) == 3


def test_what_arrived_without_a_stated_length_is_not_downloaded_again(toy, server):
    toy.write(paths=["/file"])
    server.plan = {"/file": ["claims_nothing_and_breaks_off"]}

    toy.assert_whole(toy.fetch())

    assert server.requests == [("/file", None), ("/file", "bytes=100000-")]


def test_progress_renews_the_tries(toy, server):
    toy.write(paths=["/file"])
    server.plan = {"/file": ["sends 15000"] * 12}

    toy.assert_whole(toy.fetch())


def test_no_progress_ends_the_tries(toy, server):
    toy.write(paths=["/file"])
    server.plan = {"/file": ["sends 10"] * 50}

    assert "broke off" in toy.failure()
    assert len(server.requests) == toy.patience.tries


@pytest.mark.parametrize("behavior", [
    "drips", "serves_wrong_bytes", "claims_more", "claims_less", "claims_nothing_and_breaks_off", "sends_forever",
    "login_page", "answers 404", "answers 403", "answers 500"])
def test_a_bad_official_host_is_left_for_the_mirror(toy, server, behavior):
    server.plan = {"/file": [behavior] * 9}
    start = time.monotonic()

    toy.assert_whole(toy.fetch())
    assert [path for path, _ in server.requests] == ["/file", "/mirror"]
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("behavior", ["claims_nothing", "redirects"])
def test_an_answer_that_is_unusual_but_right_is_taken(toy, server, behavior):
    server.plan = {"/file": [behavior]}

    toy.assert_whole(toy.fetch())


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_passing_trouble_of_the_only_host_is_waited_out(toy, server, status):
    toy.write(paths=["/file"])
    server.plan = {"/file": [f"answers {status}"] * 3}

    toy.assert_whole(toy.fetch())


@pytest.mark.parametrize("behavior, requests", [
    ("ignores_range", 2), ("resumes_elsewhere", 3), ("answers 416", 3), ("answers 206", 3)])
def test_a_host_that_does_not_resume_is_asked_for_everything(toy, server, behavior, requests):
    toy.write(paths=["/file"])
    server.plan = {"/file": ["breaks_off", behavior]}

    toy.assert_whole(toy.fetch())
    assert server.requests[1] == ("/file", "bytes=100000-") and len(server.requests) == requests


def test_a_part_file_of_something_else_is_found_out_and_thrown_away(toy, server):
    part = cache.folder("toy") / "toy.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(1000))
    toy.write(paths=["/file"])

    toy.assert_whole(toy.fetch())
    assert server.requests == [("/file", "bytes=1000-"), ("/file", None)]


@pytest.mark.parametrize("size", [300_000, 300_001])
def test_a_part_file_that_is_long_enough_but_wrong_is_thrown_away(toy, server, size):
    part = cache.folder("toy") / "toy.bin.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(size))

    toy.assert_whole(toy.fetch())


def test_a_login_page_does_not_cost_what_was_downloaded(toy, server):
    toy.write(paths=["/file"])
    server.plan = {"/file": ["breaks_off", "login_page"]}

    toy.failure()

    assert (cache.folder("toy") / "toy.bin.part").read_bytes() == toy.content[:100_000]


def test_wrong_bytes_everywhere_are_named_by_both_digests_and_not_kept(toy, server):
    server.plan = {"/file": ["serves_wrong_bytes"], "/mirror": ["serves_wrong_bytes"]}

    message = toy.failure()

    assert hashlib.sha256(toy.content).hexdigest() in message
    assert hashlib.sha256(bytes(300_000)).hexdigest() in message
    assert list(cache.folder("toy").iterdir()) == []


def test_pauses_double_up_to_a_bound_and_are_spread():
    patience = transfer.Patience(first_pause=1, longest_pause=8)

    pauses = [[patience.pause(failures) for _ in range(50)] for failures in (1, 2, 3, 4, 5, 50)]

    for expected, drawn in zip((1, 2, 4, 8, 8, 8), pauses):
        assert expected / 2 <= min(drawn) < max(drawn) <= expected * 1.5
