"""Files of a dataset on the Hugging Face hub, fetched once and kept in its cache."""

from __future__ import annotations

import re
from pathlib import Path

from silicus.errors import InputError
from silicus.plugins import require

__all__ = ["fetch", "is_hub_id"]

_ID = re.compile(r"[\w.-]+/[\w.-]+")


def is_hub_id(path: str) -> bool:
    """Return whether a text has the form of an id on the hub, and no such file is here.

    Examples:
        >>> [is_hub_id(text) for text in ("socratesft/SocSci210", "./data/rows.jsonl")]
        [True, False]
    """
    return _ID.fullmatch(path) is not None and not Path(path).exists() and not Path(path).suffix


def fetch(repository: str, files: tuple[str, ...], *, revision: str | None = None, endpoint: str | None = None) -> Path:
    """Return the folder that holds the files of a dataset repository, downloaded where they are not there yet.

    Args:
        repository: its id, as `socratesft/SocSci210`.
        files: patterns of the files wanted, as `*.parquet`.
        revision: a branch, tag or commit; the newest where it is left out.
        endpoint: the hub's address, where it is not the public one.

    Raises:
        InputError: there is no such repository, or it needs a login; the message says what to do.
        MissingExtraError: huggingface_hub is not installed.
    """
    hub = require("huggingface_hub")
    errors = require("huggingface_hub.errors")
    try:
        folder = hub.snapshot_download(
            repository, repo_type="dataset", allow_patterns=list(files), revision=revision, endpoint=endpoint
        )
    except errors.GatedRepoError:
        raise InputError(
            f"{repository}: this dataset is given out on request only. Ask for access on its page at "
            f"https://huggingface.co/datasets/{repository}, then log in with: hf auth login"
        ) from None
    except errors.RepositoryNotFoundError:
        raise InputError(
            f"{repository}: no such dataset on the hub, or one that needs a login (hf auth login). "
            "If you meant a file of your own, there is none of that name."
        ) from None
    except errors.RevisionNotFoundError:
        raise InputError(f"{repository}: the hub has no revision '{revision}' of it.") from None
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{repository}: cannot be fetched from the hub ({reason}). Download it and give its folder."
        ) from None
    return Path(folder)
