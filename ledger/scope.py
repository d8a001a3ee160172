"""What a trail says it shows, and how complete that is: the whole log, a range, a subject, or a selection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from ledger.canonical import JSON, decode, encode
from ledger.errors import Refused
from ledger.merkle import MAX_SIZE

FORMAT = "qayd-trail/1"
MAX_STATEMENT_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Whole:
    """Every entry up to the checkpoint, as the static form of the log."""

    kind = "whole"

    def claim(self) -> str:
        """What this scope promises."""
        return "every entry of the log up to the checkpoint; nothing between is missing"


@dataclass(frozen=True, slots=True)
class Range:
    """Every entry from `start` to before `end`."""

    start: int
    end: int
    kind = "range"

    def claim(self) -> str:
        """What this scope promises."""
        return f"every entry from index {self.start} to {self.end - 1}; nothing between is missing"


@dataclass(frozen=True, slots=True)
class OfSubject:
    """Every entry about `subject` from index `first` to index `last`, each linked to the one before it."""

    subject: str
    first: int
    last: int
    kind = "subject"

    def claim(self) -> str:
        """What this scope promises."""
        return (
            f"every entry about {self.subject} from index {self.first} to {self.last}; "
            "nothing between is missing, later ones may exist"
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """These entries (indices, rising), and no word on others."""

    indices: tuple[int, ...]
    kind = "selection"

    def claim(self) -> str:
        """What this scope promises."""
        return f"{len(self.indices)} chosen entries; nothing is claimed about entries that are not shown"


Scope: TypeAlias = Whole | Range | OfSubject | Selection


@dataclass(frozen=True, slots=True)
class Statement:
    """What `trail.json` says: the log's origin, the size of the trail's checkpoint, and the scope."""

    origin: str
    size: int
    scope: Scope

    def __post_init__(self) -> None:
        scope = self.scope
        if isinstance(scope, Range):
            sound = 0 <= scope.start < scope.end <= self.size
        elif isinstance(scope, OfSubject):
            sound = 0 <= scope.first <= scope.last < self.size
        elif isinstance(scope, Selection):
            steps = zip((-1, *scope.indices), (*scope.indices, self.size), strict=True)
            sound = bool(scope.indices) and all(before < after for before, after in steps)
        else:
            sound = True
        if not sound or not 0 < self.size <= MAX_SIZE:
            raise Refused(f"a checkpoint of size {self.size} does not cover this {scope.kind}", "ask for less")

    def format(self) -> bytes:
        """The content of `trail.json`. Twin of `parse`."""
        fields = {name: getattr(self.scope, name) for name in self.scope.__slots__}
        scope = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
        scope["kind"] = self.scope.kind
        return encode({"format": FORMAT, "origin": self.origin, "scope": scope, "size": self.size})

    @classmethod
    def parse(cls, raw: bytes) -> Statement:
        """The statement `format` wrote; raises Refused for anything else."""
        value = decode(raw, max_bytes=MAX_STATEMENT_BYTES)
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise Refused(f"this is no trail of the format {FORMAT}")
        try:
            statement = cls(_as(str, value["origin"]), _as(int, value["size"]), _scope(value["scope"]))
        except KeyError as error:
            raise Refused("the trail's statement lacks a member") from error
        if statement.format() != raw:
            raise Refused("the trail's statement has members that do not belong there")
        return statement


def _scope(member: JSON) -> Scope:
    value: dict[str, Any] = _as(dict, member)
    kind = value["kind"]
    if kind == Whole.kind:
        return Whole()
    if kind == Range.kind:
        return Range(_as(int, value["start"]), _as(int, value["end"]))
    if kind == OfSubject.kind:
        return OfSubject(_as(str, value["subject"]), _as(int, value["first"]), _as(int, value["last"]))
    if kind == Selection.kind:
        return Selection(tuple(_as(int, index) for index in _as(list, value["indices"])))
    raise Refused("the trail states no known scope")


_T = TypeVar("_T")


def _as(kind: type[_T], value: JSON) -> _T:
    if type(value) is not kind:
        raise Refused("the trail's statement has a member of the wrong kind")
    return value
