"""What happens to a submission when it comes: it is read, held against the task, and kept with a receipt."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from npfl_kit import errors, files
from npfl_kit.grading.course import pack
from npfl_kit.grading.marks import policy
from npfl_kit.grading.stores import entries, store_folder
from npfl_kit.grading.stores import store as stores
from npfl_kit.grading.tasks import task as tasks
from npfl_kit.grading.uploads import intake, team
from npfl_kit.grading.uploads.ungradable import UngradableError
from npfl_kit.scoring import bounded_file

PACKING = 2**20     # bytes that an archive may have besides its files
EVERY = tasks.Limits(files=1000, upload=2**33)      # the most that any task accepts


def read_archive(path: Path, limits: tasks.Limits) -> bytes:
    """An archive that may be handed in; an UngradableError if it is absent or larger than any that is accepted."""
    return bounded_file.read(path, limits.upload + PACKING, UngradableError)


def packed(description: tasks.Task, paths: Sequence[Path], members: str) -> bytes:
    """An archive of these files, checked as `npfl-kit pack` does.

    Args:
      members: names of the team with commas between them; empty for one person.
    """
    return pack.pack(description, paths, team.parse(members, description.team))


def person(name: str) -> str:
    """A name as it is kept: composed letters, single blanks, none around.

    Raises: UngradableError for what is no name.

    >>> person(" Ada  Lovelace ")
    'Ada Lovelace'
    """
    try:
        return team.checked([name], most=1)[0]
    except UngradableError:
        raise UngradableError(f"Expected your name, at most {team.LONGEST} letters without a comma, got "
                              f"{ascii(name)[:team.LONGEST]}. Type: --person=NAME") from None


def check(description: tasks.Task, archive: bytes, name: str) -> intake.Upload:
    """What is in an archive that a person of that name hands in for a task.

    Raises: UngradableError if it could not be graded.
    """
    upload = intake.read_zip(archive, description.limits)
    packed_for = upload.manifest.get("lab")
    if packed_for and packed_for != description.lab:
        raise UngradableError(f"The archive was packed for {packed_for}, and this is {description.lab}. Type: "
                              f"npfl-kit submit {packed_for} ARCHIVE, or pack again.")
    found = pack.problems(description, upload)
    if found:
        raise UngradableError("\n".join(found))
    members = team.checked(upload.team, description.team)
    if members and person(name) not in members:
        raise UngradableError(f"The archive is of {', '.join(members)}, and {person(name)} is not among them. "
                              f"Type the name as it is there: --person=NAME")
    return dataclasses.replace(upload, team=members)


def require_listed(folder: Path, names: Sequence[str]) -> None:
    """Raise UngradableError for a name that is not on the roster of a store, a name per line, if it has one."""
    path = folder / store_folder.ROSTER
    if not path.is_file():
        return
    lines = bounded_file.read(path, 2**20, errors.DataError).decode("utf-8-sig", "replace").splitlines()
    listed = [team.spelled(line) for line in lines if line.strip() and not line.startswith("#")]
    for name in names:
        if name not in listed:
            near = team.near(name, listed)
            raise UngradableError(f"{name} is not on the roster of this course"
                                  f"{f'; did you mean {near[0]}?' if near else '.'} Give the name as the course knows "
                                  f"it.")


def receive(folder: Path, description: tasks.Task, archive: bytes, name: str) -> entries.Receipt:
    """Keep a submission for a task in the store of that folder, which is made if need be; it waits for its grade.

    Raises: UngradableError if it could not be graded; then nothing is kept or made, and it costs no attempt.
    """
    upload = check(description, archive, name)
    require_listed(folder, [person(name), *upload.team])
    with stores.Store(folder, make=True) as store:
        return store.submit(description.lab, archive, person(name), upload.team, upload.content)


def newcomers(store: stores.Store, submission: entries.Submission) -> dict[str, list[str]]:
    """The members of a team whose names came for the first time, for any lab, and known names that are near each."""
    return {name: near_known(store, name, submission.team)
            for name in submission.team if len(store.submissions(person=name)) == 1}


def near_known(store: stores.Store, name: str, besides: Sequence[str] = ()) -> list[str]:
    """The names near this one, of persons who are known to the store, besides those of a team."""
    known = [row["person"] for row in store.rows("SELECT DISTINCT person FROM members")]
    return team.near(name, [each for each in known if each not in besides])


def excess(store: stores.Store, description: tasks.Task, submission: entries.Submission) -> str:
    """A sentence about a submission that came when the attempts of its day were used up; empty if they were not."""
    def attempt(earlier: Sequence[entries.Submission]) -> int:
        return policy.attempts(description, [*earlier, submission])[-1]

    earlier = [each for each in store.submissions(description.lab) if each.id < submission.id]
    if attempt(earlier) <= description.per_day:
        return ""                                   # without a look at results, of which there may be many
    states = {run.submission.id: run.state for run in policy.newest(store.runs(lab=description.lab))}
    likely = [each for each in earlier if states.get(each.id) in (None, *policy.USES_ATTEMPT)]
    if attempt(likely) <= description.per_day:
        return ""
    unless = attempt([each for each in likely if each.id in states]) <= description.per_day
    return (f"This is your number {attempt(likely)} of today; {description.per_day} count: it will have no points"
            f"{', unless one that waits cannot be graded' if unless else ''}.")


def write_files(archive: bytes, folder: Path) -> list[str]:
    """Write the files of an archive, which was accepted once, into a new folder; gives their names.

    Raises: UsageError for a folder that holds something, UngradableError for an archive that is refused.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise errors.UsageError(f"{folder} is not empty, or no folder. Name a new one.")
    upload = intake.read_zip(archive, EVERY)
    for name, content in upload.files.items():
        with files.replacing(folder / name) as scratch:
            scratch.write_bytes(content)
    return sorted(upload.files)
