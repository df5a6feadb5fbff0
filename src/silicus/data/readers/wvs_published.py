"""Which countries and questions of the World Values Survey, wave 7, were published as training and test sets.

Cao et al. (2025, https://doi.org/10.18653/v1/2025.naacl-long.162) cross three sets of countries with three sets of
questions: C1 (46 countries) with Q1 to Q163 for training and Q164 to Q198 for validation, and seven test parts of
unseen questions, unseen countries, or both. Nigeria and Morocco are in C2 and in C3, hence in two parts.
"""

from __future__ import annotations

from silicus.errors import InputError, did_you_mean

__all__ = ["COUNTRIES", "COUNTRY_SETS", "DROPPED", "QUESTIONS", "QUESTION_SETS", "published_parts"]

_C1 = {
    "AND": "Andorra", "ARG": "Argentina", "ARM": "Armenia", "AUS": "Australia", "BGD": "Bangladesh",
    "BOL": "Bolivia", "BRA": "Brazil", "CAN": "Canada", "CHL": "Chile", "CHN": "China", "CYP": "Cyprus",
    "DEU": "Germany", "ECU": "Ecuador", "GBR": "Great Britain", "GTM": "Guatemala", "HKG": "Hong Kong SAR",
    "IDN": "Indonesia", "IRN": "Iran", "IRQ": "Iraq", "JOR": "Jordan", "JPN": "Japan", "KAZ": "Kazakhstan",
    "KGZ": "Kyrgyzstan", "KOR": "South Korea", "LBN": "Lebanon", "MAC": "Macao SAR", "MDV": "Maldives",
    "MMR": "Myanmar", "MNG": "Mongolia", "NIC": "Nicaragua", "NLD": "Netherlands", "PAK": "Pakistan",
    "PHL": "Philippines", "ROU": "Romania", "RUS": "Russia", "SGP": "Singapore", "SRB": "Serbia",
    "SVK": "Slovakia", "TJK": "Tajikistan", "TUR": "Turkey", "TWN": "Taiwan ROC", "UKR": "Ukraine",
    "URY": "Uruguay", "USA": "United States", "VEN": "Venezuela", "VNM": "Vietnam",
}  # fmt: skip
_C2 = {
    "EGY": "Egypt", "ETH": "Ethiopia", "KEN": "Kenya", "LBY": "Libya", "MAR": "Morocco", "NGA": "Nigeria",
    "TUN": "Tunisia", "ZWE": "Zimbabwe",
}  # fmt: skip
_C3 = {
    "COL": "Colombia", "CZE": "Czechia", "GRC": "Greece", "MAR": "Morocco", "MEX": "Mexico", "MYS": "Malaysia",
    "NGA": "Nigeria", "NZL": "New Zealand", "PER": "Peru", "PRI": "Puerto Rico", "THA": "Thailand",
}  # fmt: skip

COUNTRY_SETS = {"C1": _C1, "C2": _C2, "C3": _C3}
"""Name of the set -> ISO code -> name of the country."""

COUNTRIES = {**_C1, **_C2, **_C3}
"""ISO code -> name of the country, of all that were published."""

DROPPED = "NIR"
"""Northern Ireland, which the publication leaves out."""

QUESTIONS = frozenset(range(1, 260)) - {82, 223} - frozenset(range(94, 106))
"""The numbers of the questions that were published."""

QUESTION_SETS = {
    "Q_1": QUESTIONS & frozenset(range(1, 164)),
    "Q_2": QUESTIONS & frozenset(range(164, 199)),
    "Q_3": QUESTIONS & frozenset(range(199, 260)),
}
"""Name of the set -> numbers of its questions."""

_PARTS = {
    ("C1", "Q_1"): "train", ("C1", "Q_2"): "valid", ("C1", "Q_3"): "1",
    ("C2", "Q_1"): "2", ("C2", "Q_2"): "3", ("C2", "Q_3"): "4",
    ("C3", "Q_1"): "5", ("C3", "Q_2"): "6", ("C3", "Q_3"): "7",
}  # fmt: skip


def published_parts(country: str, question: str) -> tuple[str, ...]:
    """Return the parts, "train", "valid" or "1" to "7", that hold a country's answers to a question.

    Part 1 has unseen questions, 2 and 5 unseen countries, 3, 4, 6 and 7 both (Q164 to Q198 are seen in validation).
    A question that was not published is in none.

    Args:
        country: its name, such as "Nigeria".
        question: such as "Q164".

    Raises:
        InputError: the country is not a published one.

    Examples:
        >>> published_parts("Andorra", "Q1"), published_parts("Nigeria", "Q164"), published_parts("Peru", "Q82")
        (('train',), ('3', '6'), ())
    """
    sets = [name for name, countries in COUNTRY_SETS.items() if country in countries.values()]
    if not sets:
        raise InputError(f"found the country '{country}'.{did_you_mean(country, COUNTRIES.values())}")
    asked = next((name for name, numbers in QUESTION_SETS.items() if question in {f"Q{n}" for n in numbers}), None)
    return tuple(_PARTS[name, asked] for name in sets) if asked else ()
