from __future__ import annotations

import sys
from importlib.metadata import EntryPoint

import pytest

from silicus import plugins
from silicus.errors import InputError, MissingExtraError
from silicus.plugins import Registry, require


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Return a registry of two names, beside which another package offers two."""
    foreign = [
        EntryPoint("sheep", "collections:OrderedDict", "silicus.animals"),
        EntryPoint("cat", "collections:OrderedDict", "silicus.animals"),
    ]

    def offered(group: str) -> list[EntryPoint]:
        return [e for e in foreign if e.group == group]

    monkeypatch.setattr(plugins, "entry_points", offered)
    return Registry("animal", {"cat": "fractions:Fraction", "ghost": "no_such_module:nothing"})


def test_a_name_gives_what_it_stands_for(registry):
    from fractions import Fraction

    assert registry.get("cat") is Fraction


def test_other_packages_add_names_but_take_none(registry):
    from collections import OrderedDict

    assert registry.get("sheep") is OrderedDict
    assert registry.names() == ["cat", "ghost", "sheep"]


def test_nothing_is_imported_before_a_name_is_used(registry):
    assert registry.names()
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        registry.get("ghost")


def test_an_unknown_name_is_answered_with_the_nearest_or_with_all(registry):
    with pytest.raises(InputError, match=r"^unknown animal 'shep'\. Did you mean 'sheep'\?$"):
        registry.get("shep")
    with pytest.raises(InputError, match=r"^unknown animal 'xyz'\. Known: cat, ghost, sheep\.$"):
        registry.get("xyz")


def test_a_missing_library_is_named_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(MissingExtraError) as caught:
        require("vl_convert")
    assert str(caught.value) == (
        "this needs the library 'vl_convert', which is not installed. Install it with: pip install 'silicus[report]'"
    )


def test_a_room_whose_library_is_missing_says_so_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "silicus.models.huggingface", raising=False)
    monkeypatch.delitem(sys.modules, "silicus.models.attention", raising=False)
    with pytest.raises(MissingExtraError, match=r"the library 'torch', .* pip install 'silicus\[local\]'"):
        require("silicus.models.huggingface")


def test_a_module_that_belongs_to_no_extra_is_missed_as_usual():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        require("no_such_module")
