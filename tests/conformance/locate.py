"""Where the recorded cases are: `folder("rules")`, `folder("field")` and so on are folders of plain files to read.

They travel with the code as tests/recordings/NAME.tar.xz; that folder's README says what each set is. K8SQUIZ_CONFORMANCE
names a folder of other cases, laid out as these are (its `rules/`, its `flows/`); a set that it lacks is the repository's.
"""

from __future__ import annotations

import atexit
import csv
import functools
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from tests.recordings.pack import HOME, SUFFIX, unpack

VARIABLE = "K8SQUIZ_CONFORMANCE"
SETS = tuple(sorted(path.name.removesuffix(SUFFIX) for path in HOME.glob(f"*{SUFFIX}")))
# Beside pytest's own cache: git passes it over, and the workers of pytest-xdist and the next session find it there.
UNPACKED = HOME.parents[1] / ".pytest_cache" / "recordings"


def folder(name: str) -> Path:
    """The folder of a set's cases, as a path that can be read at once, also while tests are collected.

    Raises FileNotFoundError where there is no such set, or K8SQUIZ_CONFORMANCE names no folder.
    """
    elsewhere = os.environ.get(VARIABLE)
    if elsewhere and not Path(elsewhere).is_dir():
        raise FileNotFoundError(f"{VARIABLE}={elsewhere} is no folder")
    if elsewhere and (Path(elsewhere) / name).is_dir():
        return Path(elsewhere) / name
    return own(name)


def cluster_folder(case: Path) -> Path:
    """The folder that holds cluster.yaml and case.json of a case of rules, rules-new or ipvs-rules: the case's own, else
    the one of that name in its set's cases/, else in rules. Raises FileNotFoundError where none of them has one."""
    for described in (case, case.parents[1] / "cases" / case.name, folder("rules") / case.name):
        if (described / "cluster.yaml").is_file():
            return described
    raise FileNotFoundError(f"no cluster.yaml for {case}")


def table(name: str) -> list[dict[str, str]]:
    """The rows of a measured table, tests/recordings/measured/NAME.csv, by its columns' names."""
    with (HOME / "measured" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@functools.cache
def own(name: str) -> Path:
    """The repository's own set, whatever K8SQUIZ_CONFORMANCE says."""
    if name not in SETS:
        raise FileNotFoundError(f"no recorded set {name!r}; there are {', '.join(SETS)}")
    archive = HOME / (name + SUFFIX)
    try:
        return unpacked(archive, UNPACKED / name)
    except OSError:
        # A checkout that cannot be written to: a folder of this process, for as long as it runs.
        lent = Path(tempfile.mkdtemp(prefix="k8squiz-recordings-"))
        atexit.register(shutil.rmtree, lent, ignore_errors=True)
        return unpacked(archive, lent)


def unpacked(archive: Path, shelf: Path) -> Path:
    """The archive's files in a folder on the shelf that is named by the archive's hash, unpacked if it is not there yet.

    Processes may ask side by side: each unpacks aside and renames, and who comes second takes what the first has made.
    What an earlier archive of that name left on the shelf goes.
    """
    target = shelf / hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    if target.is_dir():
        return target
    shelf.mkdir(parents=True, exist_ok=True)
    earlier = [path for path in shelf.iterdir() if not path.name.startswith("aside-") and path != target]
    aside = Path(tempfile.mkdtemp(prefix="aside-", dir=shelf))
    try:
        unpack(archive, aside)
        aside.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for path in earlier:
        shutil.rmtree(path, ignore_errors=True)
    return target
