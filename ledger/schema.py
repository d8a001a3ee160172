"""Event types: which fields an event carries, and for each whether it is public, sealed or a digest.

The ledger is handed a registry (`EventTypes`) and writes nothing a type does not declare. Free text is always sealed;
public strings match ASCII patterns of at most 255 characters, so personal data has no place to slip in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from ledger.canonical import JSON, MAX_INTEGER, digest, encode
from ledger.errors import Refused
from ledger.patterns import DECIMAL, DIGEST, MAX_STRING, TIME, TOKEN, TYPE_NAME, compiled, is_time, matches, shown

MAX_LIST: Final = 256
MAX_SEALED_BYTES: Final = 1024 * 1024
JSON_DEPTH: Final = 8

FieldKind = Literal["public", "sealed", "digest"]
Shape = Literal["token", "text", "integer", "decimal", "boolean", "time", "digest", "tokens", "digests", "json"]

_STRING_SHAPES: Final[Mapping[str, str]] = {"token": TOKEN, "decimal": DECIMAL, "digest": DIGEST, "time": TIME}
_LIST_SHAPES: Final[Mapping[str, str]] = {"tokens": TOKEN, "digests": DIGEST}
_SHAPES: Final = frozenset((*_STRING_SHAPES, *_LIST_SHAPES, "text", "integer", "boolean", "json"))


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an event's `data`.

    `shape`: token, decimal, time, digest (strings by pattern), text (a string; public only with an own ASCII pattern),
    integer, boolean, tokens, digests (lists of at most 256), json (depth at most 8, every string a token).
    `pattern` narrows or widens the default pattern of strings; Refused if the declaration itself makes no sense.
    """

    kind: FieldKind
    shape: Shape = "token"
    pattern: str | None = None
    required: bool = True

    def __post_init__(self) -> None:
        if self.kind not in ("public", "sealed", "digest") or self.shape not in _SHAPES:
            raise Refused(f"no field is {self.kind} {self.shape}", "see docs/ledger-format.md, section 2")
        if self.kind == "digest" and self.shape not in ("digest", "digests"):
            raise Refused("a digest field has the shape digest or digests")
        if self.kind == "public" and self.shape == "text" and self.pattern is None:
            raise Refused("a public text needs a pattern", "seal free text, or name the pattern it must match")
        if self.pattern is not None:
            compiled(self.pattern)


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event. `subject` is the pattern its subject matches; `open` types may be sent by any source.

    `touches` names token or tokens fields whose values count, besides the subject, as keys for preconditions.
    """

    name: str
    fields: Mapping[str, Field]
    subject: str
    open: bool = False
    touches: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not compiled(TYPE_NAME).fullmatch(self.name) or len(self.name) > MAX_STRING:
            raise Refused(f"{self.name!r} is no event type name", "write it like model.registered.v1")
        compiled(self.subject)
        for name in self.fields:
            if not compiled("[a-z0-9_]{1,64}").fullmatch(name) or name == "sealed":
                raise Refused(f"{self.name}: a field may not be called {shown(name)}")
        for name in self.touches:
            declared = self.fields.get(name)
            if declared is None or declared.kind != "public" or declared.shape not in ("token", "tokens"):
                raise Refused(f"{self.name} touches {name}, which is no public token or tokens field of it")

    def document(self) -> JSON:
        """This declaration as canonical JSON, for the digest of the registry."""
        fields: list[JSON] = [
            {"name": name, "kind": f.kind, "shape": f.shape, "pattern": f.pattern, "required": f.required}
            for name, f in sorted(self.fields.items())
        ]
        touches = list(self.touches)
        return {"name": self.name, "subject": self.subject, "open": self.open, "touches": touches, "fields": fields}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a caller hands in for a sealed field: the value, and whose it is (a person's pseudonym)."""

    value: JSON = field(repr=False)
    person: str


def _opened() -> EventType:
    # A public key in OpenSSH form holds one space, so strings about officers may too.
    officers = Field("public", "json", r"[A-Za-z0-9][A-Za-z0-9._:/@+= -]{0,254}")
    fields = {
        "format": Field("public"),
        "origin": Field("public"),
        "log_id": Field("public", "token", "[0-9a-f]{64}"),
        "vkey": Field("public"),
        "retention": Field("public"),
        "witness_required": Field("public", "boolean"),
        "event_schema": Field("digest", "digest"),
        "officers": officers,
        "tenant": Field("public", "json"),
        "mode": Field("public", "token", "play|real"),
        "previous": Field("public", "json"),
    }
    return EventType("ledger.opened.v1", fields, "ledger/[0-9a-f]{64}")


def _closed() -> EventType:
    fields = {"next_origin": Field("public"), "next_vkey": Field("public")}
    return EventType("ledger.closed.v1", fields, "ledger/[0-9a-f]{64}")


OPENED: Final = _opened()
CLOSED: Final = _closed()


class EventTypes:
    """The registry of event types a log accepts; the ledger's own two types are always part of it."""

    def __init__(self, types: Iterable[EventType]) -> None:
        self._types: dict[str, EventType] = {OPENED.name: OPENED, CLOSED.name: CLOSED}
        for declared in types:
            if declared.name in self._types:
                raise Refused(f"the event type {declared.name} is declared twice")
            self._types[declared.name] = declared

    def get(self, name: str) -> EventType:
        """The type of this name; raises Refused for an unknown one."""
        found = self._types.get(name)
        if found is None:
            raise Refused(
                f"unknown event type {shown(name)}", "check the spelling and the version, as in x.happened.v1"
            )
        return found

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._types.values())

    def document(self) -> bytes:
        """Canonical bytes of all declarations, sorted by name."""
        return encode([self._types[name].document() for name in sorted(self._types)])

    def digest(self) -> str:
        """Digest of `document()`; entry 0 quotes it."""
        return digest(self.document())


def validate(declared: EventType, data: Mapping[str, object]) -> None:
    """Check an event's data as a caller hands it in (`Sealed` in sealed fields); raises Refused naming the field."""
    if not isinstance(data, Mapping):
        raise Refused(f"{declared.name}: data is not an object")
    for name in data:
        if name not in declared.fields:
            raise Refused(f"{declared.name}: undeclared field {shown(name)}", _fields_hint(declared))
    for name, spec in declared.fields.items():
        if name in data:
            problem = _problem(spec, data[name])
            if problem:
                raise Refused(f"{declared.name}: field {name} {problem}")
        elif spec.required:
            raise Refused(f"{declared.name}: field {name} is missing", _fields_hint(declared))


def _problem(spec: Field, value: object) -> str:
    """What is wrong with a field's value, or the empty string; never quotes the value."""
    if spec.kind == "sealed":
        if not isinstance(value, Sealed):
            return "is sealed: hand in a Sealed value"
        if not matches(TOKEN, value.person):
            return "names no person its key could belong to"
        return _sealed_problem(spec, value.value)
    if isinstance(value, Sealed):
        return "is not a sealed field"
    return _public_problem(spec, value)


def _sealed_problem(spec: Field, value: object) -> str:
    encode(value, max_bytes=MAX_SEALED_BYTES)
    if spec.shape == "json":
        return ""
    if spec.shape == "text":
        if not isinstance(value, str):
            return "is not a text"
        return "" if spec.pattern is None or compiled(spec.pattern).fullmatch(value) else "does not match its pattern"
    return _public_problem(spec, value)


def _public_problem(spec: Field, value: object) -> str:
    shape = spec.shape
    if shape == "integer":
        inside = type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER
        return "" if inside else "is not an integer within 2^53-1"
    if shape == "boolean":
        return "" if type(value) is bool else "is not true or false"
    if shape == "json":
        return _json_problem(value, spec.pattern or TOKEN, JSON_DEPTH)
    if shape == "time":
        return "" if is_time(value) else "is not a time of the form YYYY-MM-DDTHH:MM:SS.ffffffZ"
    if shape in _LIST_SHAPES:
        if type(value) is not list or len(value) > MAX_LIST:
            return f"is not a list of at most {MAX_LIST} {shape}"
        pattern = spec.pattern or _LIST_SHAPES[shape]
        return "" if all(matches(pattern, item) for item in value) else f"holds something that is no {shape[:-1]}"
    pattern = spec.pattern or _STRING_SHAPES[shape]
    return "" if matches(pattern, value) else f"is not a {shape} of its pattern"


def _json_problem(value: object, pattern: str, levels: int) -> str:
    if value is None or type(value) in (bool, int):
        return ""
    if type(value) is str:
        return "" if matches(pattern, value) else "holds a string that is not a token"
    if not isinstance(value, (list, dict)):
        return "holds something that is not canonical JSON"
    if levels == 0:
        return f"nests deeper than {JSON_DEPTH} levels"
    if isinstance(value, dict) and "sealed" in value:
        return "has a member named sealed, which is reserved"
    for item in value.values() if isinstance(value, dict) else value:
        problem = _json_problem(item, pattern, levels - 1)
        if problem:
            return problem
    return ""


def _fields_hint(declared: EventType) -> str:
    return "its fields are " + ", ".join(
        name if spec.required else f"{name} (optional)" for name, spec in declared.fields.items()
    )
