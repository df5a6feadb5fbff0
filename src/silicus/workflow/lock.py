"""One process at a time in a folder."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from silicus.errors import RunError

__all__ = ["alone"]

_LOCK = ".lock"


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Keep a folder for this process until the block ends.

    The system holds the lock, not the file: one that a process left when it died keeps nobody out.

    Raises:
        RunError: another process has it, or the folder cannot be written.
    """
    import fcntl

    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror}). Choose another folder with --out.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise RunError(
                f"{folder}: process {file.read().strip() or 'unknown'} is at work in it. Wait until it ends, or choose "
                "another folder with --out."
            ) from None
        except OSError as error:
            raise RunError(
                f"{folder}: cannot be locked ({error.strerror}). Choose a folder on another disk with --out."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
