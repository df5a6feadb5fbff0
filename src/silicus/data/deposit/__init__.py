"""From a raw deposit to a verified dataset: documents and tables, the recipe, and the gates that stop a wrong one."""

from silicus.data.deposit.built import Approval, Build, Passage, labels_document, passages
from silicus.data.deposit.counts import is_own_count
from silicus.data.deposit.demographics import check_demographics
from silicus.data.deposit.documents import KINDS, Document, read_document
from silicus.data.deposit.draft_left import read_recipe
from silicus.data.deposit.excuses import reasons
from silicus.data.deposit.execute import execute
from silicus.data.deposit.folder import Deposit, open_deposit
from silicus.data.deposit.gates import Gate, Made, pass_gates, words_of
from silicus.data.deposit.passages import Span, find, nearest
from silicus.data.deposit.recipe import Recipe
from silicus.data.deposit.socsci210_format import write_socsci210
from silicus.data.deposit.turned import cells_turned
from silicus.data.readers.codebook import CROSSED

__all__ = [
    "CROSSED",
    "KINDS",
    "Approval",
    "Build",
    "Deposit",
    "Document",
    "Gate",
    "Made",
    "Passage",
    "Recipe",
    "Span",
    "cells_turned",
    "check_demographics",
    "execute",
    "find",
    "is_own_count",
    "labels_document",
    "nearest",
    "open_deposit",
    "pass_gates",
    "passages",
    "read_document",
    "read_recipe",
    "reasons",
    "words_of",
    "write_socsci210",
]
