"""A deposit as it lies on disk: a folder, or a zip archive that is unpacked without trusting a word of it."""

from __future__ import annotations

import atexit
import io
import lzma
import os
import re
import shutil
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from silicus.errors import InputError, counted, did_you_mean

__all__ = ["Deposit", "open_deposit"]

_MOST_FILES = 2_000
_MOST_BYTES = 2 * 1024**3
_MOST_RATIO = 200
_SMALL = 10 * 1000**2
"""Up to here a member may have any ratio: a table of zeros is small, and no bomb."""
_LARGEST_DIRECTORY = 8 * 1000**2
_BLOCK = 1024**2
_PASSED_OVER = ("__macosx", "thumbs.db", "desktop.ini")
_SHOWN = 10


@dataclass(frozen=True)
class Deposit:
    """The files of a deposit.

    Attributes:
        path: the folder they lie in.
        files: their names as paths inside it, with `/`, sorted; no hidden files, no links that leave it.
    """

    path: Path
    files: tuple[str, ...]

    def file(self, name: str) -> Path:
        """Return where the file of a name is.

        Args:
            name: as a recipe writes it: a path inside the deposit, with `/`.

        Raises:
            InputError: the name leaves the deposit, or names none of its files.
        """
        if _leaves(name):
            raise InputError(
                f"{self.path}: the name '{name}' leaves the deposit. Write a path inside it, such as 'a/b.csv'."
            )
        path = self.path / name
        with suppress(OSError):  # a name too long to be one
            if path.is_symlink() and not _inside(path, self.path):
                raise InputError(f"{self.path}: '{name}' is a link that leaves the deposit. Put the file itself there.")
        if name not in self.files or not path.is_file() or not _inside(path, self.path):
            raise InputError(f"{self.path}: holds no file '{name}'.{self._near(name)}")
        return path

    def _near(self, name: str) -> str:
        last = name.rpartition("/")[2]
        moved = next((file for file in self.files if file.rpartition("/")[2] == last), None)
        hint = f" Did you mean '{moved}'?" if moved else did_you_mean(name, self.files)
        if hint.startswith(" Did"):
            return hint
        more = ", …" if len(self.files) > _SHOWN else ""
        return f" It holds {', '.join(self.files[:_SHOWN])}{more}"


def open_deposit(path: Path, into: Path | None = None) -> Deposit:
    """Return the deposit in a folder or in a zip archive.

    Args:
        path: the folder, or the archive.
        into: the folder an archive is unpacked into, absent or empty; where it is left out, a temporary one that is
            removed when the program ends.

    Raises:
        InputError: nothing is there, it is neither, it holds no files or too many, or the archive is damaged,
            encrypted, a bomb, or would write outside its folder.
    """
    if not path.exists():
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, siblings) if siblings else ""
        raise InputError(f"{path}: no such file or folder.{hint if hint.startswith(' Did') else ''}")
    if path.is_dir():
        return _listed(path, path)
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise InputError(f"{path}: found no folder and no zip archive. Unpack it, and name the folder.")
    return _listed(_unpacked(path, into), path)


def _listed(folder: Path, where: Path) -> Deposit:
    try:
        names = list(islice(_names(folder), _MOST_FILES + 1))
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).") from None
    if len(names) > _MOST_FILES:
        raise InputError(
            f"{where}: found more than {counted(_MOST_FILES, 'file', 'files')}. Name the folder of one study."
        )
    if not names:
        raise InputError(f"{where}: holds no files. Expected data files, codebooks and questionnaires.")
    for name in names:
        _check_name(name, where)
    return Deposit(folder, tuple(sorted(names)))


def _names(folder: Path) -> Iterator[str]:
    for top, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not _passed_over(name)]
        for path in (Path(top, name) for name in files if not _passed_over(name)):
            if path.is_file() and _inside(path, folder):
                yield path.relative_to(folder).as_posix()


def _raise(error: OSError) -> None:
    raise error


def _inside(path: Path, folder: Path) -> bool:
    """Return whether a path stays in the folder when links are followed; one that goes in circles does not."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _passed_over(part: str) -> bool:
    # "~$" are the locks that Word and Excel leave behind.
    return part.startswith((".", "~$")) or part.lower() in _PASSED_OVER


def _leaves(name: str) -> bool:
    """Return whether a name means a place outside, on this or another kind of machine."""
    return ".." in re.split(r"[/\\]", name) or name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name) is not None


def _check_name(name: str, where: Path) -> None:
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name):
        raise InputError(f"{where}: found the file name {name!r}, with letters that no screen can show. Rename it.")


# --- an archive


class _Careful(io.FileIO):
    """A file that hands over no more at once than the directory of a deposit can need."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _LARGEST_DIRECTORY:
            raise InputError(f"found a directory of {size:,} bytes, more than {_MOST_FILES:,} files need.")
        return super().read(size) or b""


def _unpacked(archive: Path, into: Path | None) -> Path:
    """Return the folder with the files of an archive, which is whole or was never there."""
    folder = _new_folder(archive, into)
    try:
        _unpack(archive, folder)
        if into is not None:
            return folder.replace(into)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _new_folder(archive: Path, into: Path | None) -> Path:
    """Return an empty folder on the disk of the one to be."""
    if into is None:
        return Path(tempfile.mkdtemp(prefix="silicus-deposit-"))
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise InputError(f"{into}: is there already. Name a new folder to unpack {archive.name} into.")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    except OSError as error:
        raise InputError(f"{into}: cannot be made ({error.strerror}). Name another folder.") from None


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with _Careful(archive) as file, zipfile.ZipFile(file) as bundle:
            left = _MOST_BYTES
            for member in _wanted(bundle):
                left -= _unpack_member(bundle, member, folder, left)
    except InputError as error:
        raise InputError(f"{archive}: {error}") from None
    # What the decoders of a zip archive raise on bytes that are none.
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise InputError(f"{archive}: cannot be unpacked ({error}). Fetch it again, or unpack it by hand.") from None


def _wanted(bundle: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = [member for member in bundle.infolist() if _is_wanted(member)]
    if len(members) > _MOST_FILES:
        raise InputError(f"found {len(members):,} files, more than {_MOST_FILES:,}. Unpack the part that is one study.")
    return members


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    """Return whether a member is a file to unpack.

    Raises:
        InputError: it leaves the folder, is a link or a device, or is encrypted.
    """
    name = _name_of(member)
    if _leaves(name):
        raise InputError(
            f"the member '{name}' leaves the folder it is unpacked into. The archive is not to be trusted."
        )
    if any(_passed_over(part) for part in name.split("/")) or name.endswith("/"):
        return False
    if stat.S_IFMT(member.external_attr >> 16) not in {0, stat.S_IFREG}:
        raise InputError(f"the member '{name}' is a link or a device, expected files and folders.")
    if member.flag_bits & 1:
        raise InputError(f"the member '{name}' is encrypted. Unpack the archive by hand, and name the folder.")
    return True


def _name_of(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _unpack_member(bundle: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int) -> int:
    """Return how many bytes a member gave; they are counted as they come, since what its header says may be false."""
    name, count = _name_of(member), 0
    target = folder / name
    if target.exists():
        raise InputError(f"the member '{name}' stands twice.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with bundle.open(member) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            count += len(block)
            if count > left:
                raise InputError(f"unpacks to more than {_MOST_BYTES:,} bytes. Unpack the part that is one study.")
            if count > _SMALL and count > _MOST_RATIO * max(member.compress_size, 1):
                raise InputError(
                    f"the member '{name}' swells to {count // max(member.compress_size, 1)} times its size."
                )
            file.write(block)
    return count
