"""One file a form of data; each holds a `READER` that says what it is and reads it."""

from silicus.plugins import Registry

__all__ = ["READERS"]

_HERE = "silicus.data.readers"

READERS = Registry(
    "reader",
    {
        "socsci210": f"{_HERE}.socsci210:READER",
        "generations": f"{_HERE}.generations:READER",
        "wvs": f"{_HERE}.wvs:READER",
        "opinionqa": f"{_HERE}.opinionqa:READER",
        "subpop": f"{_HERE}.subpop:READER",
        "table": f"{_HERE}.table:READER",
    },
)
