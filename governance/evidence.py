"""Evidence: what a tool measured, identified by its content and never by when it was measured.

Measuring again with the same result renews evidence; another result is other evidence (SEMANTICS 2). A
`Measurement` is kept as a canonical document in a blob, whose digest the ledger's entry names as `content`. Numbers
in it are decimal strings of six significant digits, so that every platform and engine reads the same value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final, TypeAlias

from governance.document import Document, exactly, integer, items, text
from governance.errors import InputError
from ledger.canonical import DOCUMENT_BYTES, decode, digest, encode
from ledger.errors import Refused
from ledger.patterns import DIGEST, TOKEN, is_time, matches

VERSION: Final = "qayd/measurement/v1"
KINDS: Final = ("performance", "fairness", "drift", "drift-window")
MAX_PARAMETERS: Final = 64
MAX_DIGITS: Final = 100

Scalar: TypeAlias = str | int | bool

_HINT: Final = "measurements are written by `qayd evidence measure`; attach its document unchanged"
_MEMBERS: Final = frozenset({"v", "kind", "method", "tool", "parameters", "seed", "data_digest", "n", "values"})
_SIX: Final = Context(prec=6, rounding=ROUND_HALF_EVEN)


def quantise(x: float | Decimal) -> str:
    """A number as a decimal string of at most six significant digits: `0.1 + 0.2` is `0.3`.

    Ties round half to even on the exact binary value; zeros at the end are dropped; there is never an exponent, and
    what is smaller than 1e-100 is `0`. Raises InputError for infinities, for what is no number and for magnitudes
    from 1e100 on.
    """
    number = Decimal(x)
    if not number.is_finite() or abs(number) >= Decimal(10) ** MAX_DIGITS:
        raise InputError("a measured value is not a finite number", "the tool could not compute it: say so instead")
    rounded = _SIX.plus(number).normalize(_SIX)
    if abs(rounded) < Decimal(10) ** -MAX_DIGITS:
        return "0"
    return format(rounded, "f")


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measurement. `method` carries its version (`out-of-fold/v1`); `data_digest` is of the bytes measured on.

    `parameters` are pairs of name and scalar, kept sorted by name; `n` counts what was measured (rows, as a rule);
    `values` is a canonical object: decimals as strings, keys `[a-z0-9_]+`. Raises InputError where a member is
    malformed.
    """

    kind: str
    method: str
    tool: str
    parameters: tuple[tuple[str, Scalar], ...]
    seed: int | None
    data_digest: str
    n: int
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(sorted(self.parameters, key=lambda pair: str(pair[0]))))
        object.__setattr__(self, "values", dict(self.values))
        _check(self)

    def document(self) -> Document:
        """The canonical object; `parse` is its twin."""
        return {
            "v": VERSION,
            "kind": self.kind,
            "method": self.method,
            "tool": self.tool,
            "parameters": [{"name": name, "value": value} for name, value in self.parameters],
            "seed": self.seed,
            "data_digest": self.data_digest,
            "n": self.n,
            "values": dict(self.values),
        }

    def encode(self) -> bytes:
        """The canonical bytes kept as a blob; `decode` is its twin."""
        return encode(self.document())

    @property
    def digest(self) -> str:
        """The identity of this evidence: the digest of its canonical bytes."""
        return digest(self.encode())

    @property
    def folds(self) -> int | None:
        """The number of folds, where the method has such a parameter (or says so in its values)."""
        named = dict(self.parameters).get("folds", self.values.get("folds"))
        return named if type(named) is int and named >= 0 else None

    @classmethod
    def parse(cls, value: object) -> Measurement:
        """Read what `document` wrote; raises InputError."""
        where = "measurement"
        document = exactly(value, _MEMBERS, where)
        if document["v"] != VERSION:
            raise InputError(f"{where} is not of version {VERSION}", _HINT)
        pairs = []
        for item in items(document, "parameters", where):
            pair = exactly(item, frozenset({"name", "value"}), f"{where}.parameters")
            pairs.append((text(pair, "name", f"{where}.parameters"), pair["value"]))
        if pairs != sorted(pairs, key=lambda pair: pair[0]):
            raise InputError(f"{where}.parameters are not sorted by name", _HINT)
        if not isinstance(document["values"], dict):
            raise InputError(f"{where}.values is not an object", _HINT)
        return cls(
            kind=text(document, "kind", where),
            method=text(document, "method", where),
            tool=text(document, "tool", where),
            parameters=tuple(pairs),
            seed=None if document["seed"] is None else integer(document, "seed", where),
            data_digest=text(document, "data_digest", where),
            n=integer(document, "n", where),
            values=document["values"],
        )

    @classmethod
    def decode(cls, raw: bytes) -> Measurement:
        """Read what `encode` wrote; raises InputError."""
        try:
            value = decode(raw, max_bytes=DOCUMENT_BYTES)
        except Refused as error:
            raise InputError(f"not a measurement document: {error.message}", _HINT) from error
        return cls.parse(value)


@dataclass(frozen=True, slots=True)
class NoMeasurement:
    """A tool's honest answer that it could not measure: too few rows, one class only, nothing to compare with.

    It is never stored as evidence; what was asked for stays missing. `reason` holds no cell values.
    """

    kind: str
    reason: str


def check_measured_at(measured_at: str, recorded_at: str) -> str:
    """Return `measured_at`; raises InputError if it is malformed or later than the time of recording."""
    if not is_time(measured_at) or not is_time(recorded_at):
        raise InputError("a measurement's time is not of the form YYYY-MM-DDTHH:MM:SS.ffffffZ", "write it in UTC")
    if measured_at > recorded_at:
        raise InputError(
            f"the measurement says {measured_at}, later than its recording at {recorded_at}",
            "evidence cannot come from the future; check the clock of the machine that measured",
        )
    return measured_at


def decimal(value: object) -> Decimal | None:
    """A decimal string as a number, or None if it is not one."""
    return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", value) else None


def _check(measurement: Measurement) -> None:
    problem = _problem(measurement)
    if problem:
        raise InputError(f"measurement: {problem}", _HINT)
    try:
        encode(measurement.document())
    except Refused as error:
        raise InputError(f"measurement.values: {error.message}", error.hint or _HINT) from error


def _problem(measurement: Measurement) -> str:
    if measurement.kind not in KINDS:
        return f"its kind is none of {', '.join(KINDS)}"
    for name in ("method", "tool"):
        if not matches(TOKEN, getattr(measurement, name)):
            return f"its {name} is not a token"
    if not matches(DIGEST, measurement.data_digest):
        return "its data_digest is not sha256:<64 hex>"
    if type(measurement.n) is not int or measurement.n < 0:
        return "its n is not a count"
    if measurement.seed is not None and type(measurement.seed) is not int:
        return "its seed is not an integer"
    return _parameter_problem(measurement.parameters)


def _parameter_problem(parameters: tuple[tuple[str, Scalar], ...]) -> str:
    names = [name for name, _ in parameters]
    if len(names) > MAX_PARAMETERS or len(set(names)) != len(names):
        return f"its parameters are more than {MAX_PARAMETERS}, or one is named twice"
    if not all(matches(TOKEN, name) for name in names):
        return "a parameter's name is not a token"
    if not all(type(value) in (str, int, bool) for _, value in parameters):
        return "a parameter's value is not a string, an integer or a boolean"
    return ""
