"""Packs a folder of recordings into its archive, and unpacks one: tests/recordings/NAME.tar.xz.

    python tests/recordings/pack.py FOLDER [--name NAME]      FOLDER -> NAME.tar.xz (NAME: the folder's own)
    python tests/recordings/pack.py --unpack NAME FOLDER      the reverse, to look into a set or to add a case to it

The same files give the same archive, whoever packs them and when: members stand sorted by name, are regular files alone,
and carry no time, owner or mode of their own. (Another liblzma may compress the same tar to other bytes; the tar within
stays equal.)
"""

from __future__ import annotations

import argparse
import io
import lzma
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

HOME = Path(__file__).parent
SUFFIX = ".tar.xz"


def tar_of(folder: Path) -> bytes:
    """The uncompressed archive of all files below the folder. Raises ValueError at what is neither a file nor a folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise ValueError(f"{path}: only plain files can be packed")
            if path.is_file():
                content = path.read_bytes()
                member = tarfile.TarInfo(path.relative_to(folder).as_posix())
                member.size, member.mode = len(content), 0o644
                archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def pack(folder: Path, archive: Path) -> None:
    archive.write_bytes(lzma.compress(tar_of(folder), preset=9 | lzma.PRESET_EXTREME))


def unpack(archive: Path, folder: Path) -> None:
    """All files of the archive, below the folder. Raises ValueError, with nothing written, at a member that is no regular
    file or would lie outside."""
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
        for member in members:
            name = PurePosixPath(member.name)
            if not member.isreg() or name.is_absolute() or ".." in name.parts:
                raise ValueError(f"{archive}: {member.name!r} is no plain file inside the folder")
        # Python 3.11.0 to 3.11.3 know no filters (PEP 706); what they would refuse is refused above.
        checked: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        opened.extractall(folder, members, **checked)


def main() -> None:
    parser = argparse.ArgumentParser(description="Packs a folder of recordings into its archive, or unpacks one.")
    parser.add_argument("folder", type=Path, help="the folder to pack, or to unpack into")
    parser.add_argument("--name", help="the set's name, where it is not the folder's")
    parser.add_argument("--unpack", metavar="NAME", help="unpack this set into the folder")
    arguments = parser.parse_args()
    if arguments.unpack:
        unpack(HOME / (arguments.unpack + SUFFIX), arguments.folder)
        return
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is no folder")
    archive = HOME / ((arguments.name or arguments.folder.resolve().name) + SUFFIX)
    pack(arguments.folder, archive)
    print(f"{archive}: {archive.stat().st_size} bytes")


if __name__ == "__main__":
    main()
