"""From a raw deposit to a verified dataset: documents and tables, the recipe, and the gates that stop a wrong one."""

from silicus.data.deposit.built import Approval, Build, labels_document
from silicus.data.deposit.documents import KINDS, Document, read_document
from silicus.data.deposit.execute import execute
from silicus.data.deposit.folder import Deposit, open_deposit
from silicus.data.deposit.gates import Gate, Made, pass_gates, words_of
from silicus.data.deposit.passages import Span, find, nearest
from silicus.data.deposit.recipe import Recipe
from silicus.data.deposit.socsci210_format import write_socsci210
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
    "Recipe",
    "Span",
    "execute",
    "find",
    "labels_document",
    "nearest",
    "open_deposit",
    "pass_gates",
    "read_document",
    "words_of",
    "write_socsci210",
]
