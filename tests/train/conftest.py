from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.train.material import save_model


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Take sums in the same order in every process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> str:
    """Return the folder of a tiny model."""
    return save_model(tmp_path_factory.mktemp("base"))
