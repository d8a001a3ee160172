"""What one column holds, decided from its name, the form of all its distinct values, and a sample read by Presidio."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from adapters.privacy.hints import Hint, direct_hints, is_counter, plain_class, words
from adapters.privacy.normalise import fold
from adapters.privacy.report import ColumnClass, ColumnReport
from adapters.privacy.shapes import SHAPES, Shape
from adapters.privacy.tokens import entity_of

SAMPLE = 200
"""Distinct values of one column that Presidio reads."""
SUPPORT = 0.3
"""Least share of distinct values that agree with the column's name to decide a column."""
FORM_SUPPORT = 0.5
"""Least share of distinct values of one form, or that are people's names, to decide a column whatever its name."""
FEWEST_NAMES = 3
"""Names of people in a column of categories below which they are taken for chance."""
CATEGORIES = 50
"""Most distinct values of a column of categories, unless they are under five in a hundred cells."""
LONGEST_CATEGORY = 48

Persons = Callable[[Sequence[str], Sequence[str]], int]
"""Given texts and context words: how many of the texts are, for the most part, names of people."""

_NUMBER = (
    r"(?:(?:AED|USD|EUR|GBP|SAR|INR|[$€£₹]) ?)?[-+]?(?=[.,]?[0-9])"
    r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,8}|[0-9]{0,40})(?:[.,][0-9]{0,40})?"
    r"(?:e[-+]?[0-9]{1,3})?(?: ?%)?"
)
_MISSING = r"[?.-]{1,3}|[-+]?inf(?:inity)?|#?n/?an?|null|none|nil|unknown|missing"
_DATE = (
    r"[0-9]{4}[-/.][0-9]{1,2}(?:[-/.][0-9]{1,2})?(?:[T ][0-9:.]{1,20}(?:Z|[-+][0-9:]{1,6})?)?"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
)
_QUANTITY = re.compile(f"{_NUMBER}|{_DATE}|{_MISSING}", re.IGNORECASE)
_CODE = re.compile(r"(?=[^ ]*[0-9])[^\s@]{1,64}")
_LONG_NUMBER = re.compile(r"(?!1[0-9]{9}$|1[0-9]{12}$|1[0-9]{15}$|1[0-9]{18}$)[0-9]{9,19}")


@dataclass(frozen=True, slots=True)
class Values:
    """The distinct filled cells of a column in one form, in order of first appearance, and how many are filled."""

    name: str
    unique: tuple[str, ...]
    filled: int
    joined: str

    @classmethod
    def of(cls, name: str, cells: Sequence[str]) -> Values:
        """The values of a column; line breaks inside cells become spaces."""
        raw = dict.fromkeys(cells)
        raw.pop("", None)
        joined = fold("\n".join(" ".join(cell.split()) for cell in raw))
        unique = tuple(dict.fromkeys(cell for cell in joined.split("\n") if cell.strip()))
        return cls(name, unique, len(cells) - cells.count(""), "\n".join(unique))

    def matching(self, pattern: re.Pattern[str]) -> int:
        """How many distinct values have this form."""
        return sum(pattern.fullmatch(value) is not None for value in self.unique)

    def share(self, pattern: re.Pattern[str]) -> float:
        """The share of distinct values that have this form."""
        return self.matching(pattern) / len(self.unique)

    @property
    def categorical(self) -> bool:
        """Few short values, each many times."""
        few = len(self.unique) <= max(CATEGORIES, 0.05 * self.filled) and self.filled >= 2 * len(self.unique)
        return few and max(map(len, self.unique)) <= LONGEST_CATEGORY

    @property
    def sample(self) -> tuple[str, ...]:
        """At most SAMPLE distinct values, evenly spread over the column."""
        step = -(-len(self.unique) // SAMPLE)
        return self.unique[::step]


def classify(name: str, cells: Sequence[str], persons: Persons, declared: ColumnClass | None = None) -> ColumnReport:
    """The report on one column. What a person declared settles all but what names people by its form or name."""
    values = Values.of(name, cells)
    found = _decide(values, persons) if values.unique else _Found(plain_class(name), basis="empty")
    kind, basis = found.kind, found.basis
    settled = kind in (ColumnClass.DIRECT, ColumnClass.PSEUDONYM) or basis == "embedded"
    if declared is not None and (not settled or declared is ColumnClass.DIRECT):
        kind, basis = declared, "declared"
    return ColumnReport(
        name, kind, found.entity, basis, len(values.unique), found.sampled, found.hits, str(declared or "")
    )


@dataclass(frozen=True, slots=True)
class _Found:
    kind: ColumnClass
    entity: str = ""
    basis: str = "form"
    sampled: int = 0
    hits: int = 0


def _decide(values: Values, persons: Persons) -> _Found:
    for step in (
        _pseudonym,
        _formed,
        lambda v: _named(v, persons),
        _embedded,
        _quantity,
        lambda v: _text(v, persons),
    ):
        found = step(values)
        if found is not None:
            return found
    return _Found(ColumnClass.FREE_TEXT, basis="text")


def _pseudonym(values: Values) -> _Found | None:
    entities = {entity_of(value) for value in values.unique}
    if None in entities:
        return None
    entity = entities.pop() if len(entities) == 1 else ""
    return _Found(ColumnClass.PSEUDONYM, entity or "", "form", len(values.unique), len(values.unique))


@cache
def _whole(shape: Shape) -> re.Pattern[str]:
    return re.compile(rf"^(?:{shape.regex})$", re.MULTILINE | re.IGNORECASE)


@cache
def _anywhere(shape: Shape) -> re.Pattern[str]:
    return re.compile(shape.regex, re.IGNORECASE)


def _formed(values: Values) -> _Found | None:
    """A column at least half of whose values are one identifier, all values looked at."""
    total = len(values.unique)
    places: dict[int, str] = {}
    for shape in SHAPES:
        if shape.alone and shape.gate in values.joined:
            matches = _whole(shape).finditer(values.joined)
            places = {match.start(): shape.entity for match in matches if shape.accepts(match.group())} | places
    if len(places) < FORM_SUPPORT * total:
        return None
    (entity, _), *_ = Counter(places.values()).most_common(1)
    return _Found(ColumnClass.DIRECT, entity, "form", total, len(places))


def _named(values: Values, persons: Persons) -> _Found | None:
    """A column whose name says what it holds and whose values do not contradict it."""
    total = len(values.unique)
    for hint in direct_hints(values.name):
        hits = values.matching(re.compile(hint.form))
        if hits < SUPPORT * total or not _plausible(hint, values):
            continue
        if hint.entity == "PERSON":
            return _Found(ColumnClass.DIRECT, "PERSON", "name", len(values.sample), _persons(values, persons))
        return _Found(ColumnClass.DIRECT, hint.entity, "name", total, hits)
    return None


def _plausible(hint: Hint, values: Values) -> bool:
    """Identifiers are many: a code that repeats all over is none, whatever the column is called."""
    if hint.entity == "RECORD_ID":
        return not values.categorical
    return True


def _embedded(values: Values) -> _Found | None:
    """A column in which an unmistakable identifier stands somewhere is not an attribute, however few there are."""
    for shape in SHAPES:
        if shape.strong and shape.gate in values.joined:
            hits = sum(shape.accepts(match.group()) for match in _anywhere(shape).finditer(values.joined))
            if hits:
                total = len(values.unique)
                return _Found(ColumnClass.FREE_TEXT, shape.entity, "embedded", total, min(hits, total))
    return None


def _quantity(values: Values) -> _Found | None:
    """Numbers, dates and times; long numbers that hardly repeat may be anybody's number and are left unclassified."""
    if values.share(_QUANTITY) < 1:
        return None
    total = len(values.unique)
    long = values.matching(_LONG_NUMBER)
    if long >= 0.95 * total and total >= 0.5 * values.filled and not is_counter(values.name):
        return _Found(ColumnClass.FREE_TEXT, "", "long_number", total, long)
    return _Found(plain_class(values.name), basis="number")


def _text(values: Values, persons: Persons) -> _Found | None:
    """Categories, codes, names of people; None when it is none of them."""
    codes = values.matching(_CODE)
    total = len(values.unique)
    plain, categorical = plain_class(values.name), values.categorical
    if plain is ColumnClass.QUASI:
        categorical = max(map(len, values.unique)) <= LONGEST_CATEGORY
    if categorical and codes == total:
        return _Found(plain, basis="code")
    if not categorical and codes >= 0.8 * total:
        return _Found(ColumnClass.DIRECT, "RECORD_ID", "unique_code", total, codes)
    hits, sampled = _persons(values, persons), len(values.sample)
    if hits >= max(FORM_SUPPORT * sampled, FEWEST_NAMES if categorical else 1):
        return _Found(ColumnClass.DIRECT, "PERSON", "model", sampled, hits)
    if categorical and hits < max(0.2 * sampled, FEWEST_NAMES):
        return _Found(plain, "", "category", sampled, hits)
    return _Found(ColumnClass.FREE_TEXT, "", "text", sampled, hits)


def _persons(values: Values, persons: Persons) -> int:
    return persons(values.sample, words(values.name).split())
