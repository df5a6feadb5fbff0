"""Freed memory kept for the next tensor: on Linux every large tensor otherwise costs its pages anew."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory"]

# Names and numbers of glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> None:
    """Let glibc reuse freed blocks of up to 1 GiB instead of handing them back; elsewhere do nothing.

    A forward pass frees and allocates megabytes per layer; handing them back costs a page fault per 4 KiB.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl has another allocator.
        return
    for option, size in ((_MMAP_THRESHOLD, 1 << 30), (_TRIM_THRESHOLD, 1 << 31), (_TOP_PAD, 1 << 26)):
        mallopt(option, ctypes.c_int(min(size, (1 << 31) - 1)))
