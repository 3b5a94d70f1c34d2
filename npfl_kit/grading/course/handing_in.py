"""What happens to a submission when it comes: it is read, held against the task, and kept with a receipt."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from npfl_kit.grading.course import pack
from npfl_kit.grading.stores import entries
from npfl_kit.grading.stores import store as stores
from npfl_kit.grading.tasks import task as tasks
from npfl_kit.grading.uploads import intake, team
from npfl_kit.grading.uploads.ungradable import UngradableError
from npfl_kit.scoring import bounded_file

PACKING = 2**20     # bytes that an archive may have besides its files


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
    """A name as it is kept: composed letters, no blanks around.

    Raises: UngradableError for what is no name.

    >>> person(" Ada Lovelace ")
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
    team.checked(upload.team, description.team)
    if upload.team and person(name) not in upload.team:
        raise UngradableError(f"The archive is of {', '.join(upload.team)}, and {person(name)} is not among them. "
                              f"Type the name as it is there: --person=NAME")
    return upload


def receive(folder: Path, description: tasks.Task, archive: bytes, name: str) -> entries.Receipt:
    """Keep a submission for a task in the store of that folder, which is made if need be; it waits for its grade.

    Raises: UngradableError if it could not be graded; then nothing is kept or made, and it costs no attempt.
    """
    upload = check(description, archive, name)
    with stores.Store(folder, make=True) as store:
        return store.submit(description.lab, archive, person(name), upload.team, upload.content)
