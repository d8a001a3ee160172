"""Evidence: numbers of six digits, measurements identified by content, and no evidence from the future."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InputError
from governance.evidence import KINDS, Measurement, NoMeasurement, check_measured_at, decimal, quantise
from ledger.canonical import encode
from ledger.patterns import DECIMAL, matches
from tests.world import digest_for

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e99, max_value=1e99)
TOKENS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+=-]{0,20}", fullmatch=True)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text("aé0 \u0627", max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.from_regex("[a-z0-9_]{1,5}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=8,
)
MEASUREMENTS = st.builds(
    Measurement,
    kind=st.sampled_from(KINDS),
    method=TOKENS,
    tool=TOKENS,
    parameters=st.dictionaries(TOKENS, st.one_of(TOKENS, st.integers(-100, 100), st.booleans()), max_size=4).map(
        lambda found: tuple(found.items())
    ),
    seed=st.one_of(st.none(), st.integers(0, 2**31)),
    data_digest=st.sampled_from([digest_for("a"), digest_for("b")]),
    n=st.integers(0, 10**9),
    values=st.dictionaries(st.from_regex("[a-z0-9_]{1,8}", fullmatch=True), VALUES, max_size=4),
)
PLAIN = Measurement(
    kind="performance",
    method="out-of-fold/v1",
    tool="sklearn@1",
    parameters=(("folds", 10), ("a", "b")),
    seed=7,
    data_digest=digest_for("data"),
    n=1000,
    values={"metrics": {"accuracy": "0.772"}},
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (0.772, "0.772"),
        (1 / 3, "0.333333"),
        (2 / 3, "0.666667"),
        (1234567.0, "1234570"),
        (100.0, "100"),
        (1e6, "1000000"),
        (-0.0, "0"),
        (0.0, "0"),
        (-1.5, "-1.5"),
        (1e-7, "0.0000001"),
        (1e-101, "0"),
        (-1e-300, "0"),
        (5e-324, "0"),
        (0.9999999, "1"),
        (Decimal("0.1234565"), "0.123456"),
        (Decimal("0.1234575"), "0.123458"),
    ],
)
def test_numbers_are_written_with_six_digits(number: float | Decimal, text: str) -> None:
    """Six significant digits, half to even, no exponent, no zeros at the end, no negative zero."""
    assert quantise(number) == text


@given(NUMBERS)
def test_a_quantised_number_is_a_decimal_close_to_it_and_stays(number: float) -> None:
    """The text is of the decimal shape, within half a unit of the sixth digit, and quantising it again changes
    nothing.
    """
    text = quantise(number)
    assert matches(DECIMAL, text)
    assert abs(Decimal(text) - Decimal(number)) <= max(abs(Decimal(number)) * Decimal("0.5e-5"), Decimal("1e-99"))
    assert quantise(Decimal(text)) == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 1e100, -1e308, Decimal("sNaN")])
def test_what_is_no_finite_number_is_refused(number: float | Decimal) -> None:
    """A tool that could not compute a value may not pass it off as one."""
    with pytest.raises(InputError, match="not a finite number"):
        quantise(number)


@given(MEASUREMENTS)
def test_parse_reads_what_document_writes(measurement: Measurement) -> None:
    """Document and parse, encode and decode are twins; the digest is of the bytes."""
    assert Measurement.parse(measurement.document()) == measurement
    assert Measurement.decode(measurement.encode()) == measurement
    assert Measurement.decode(measurement.encode()).digest == measurement.digest


@given(MEASUREMENTS, st.randoms(use_true_random=False))
def test_the_order_of_parameters_is_immaterial(measurement: Measurement, chance: Any) -> None:
    """The same measurement is the same evidence, however its parameters were listed."""
    shuffled = list(measurement.parameters)
    chance.shuffle(shuffled)
    assert replace(measurement, parameters=tuple(shuffled)).digest == measurement.digest


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "fairness"},
        {"method": "out-of-fold/v2"},
        {"tool": "sklearn@2"},
        {"parameters": (("folds", 5), ("a", "b"))},
        {"parameters": (("folds", "10"), ("a", "b"))},
        {"seed": 8},
        {"seed": None},
        {"data_digest": digest_for("other")},
        {"n": 999},
        {"values": {"metrics": {"accuracy": "0.773"}}},
    ],
)
def test_every_member_is_part_of_the_identity(change: dict[str, Any]) -> None:
    """Another kind, method, version, parameter, seed, data, n or value is other evidence."""
    assert replace(PLAIN, **change).digest != PLAIN.digest


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "vibes"},
        {"method": "two words"},
        {"tool": ""},
        {"data_digest": "sha256:00"},
        {"n": -1},
        {"n": True},
        {"seed": "7"},
        {"parameters": (("a", 1), ("a", 2))},
        {"parameters": (("two words", 1),)},
        {"parameters": (("a", 0.5),)},
        {"parameters": tuple((f"p{n}", n) for n in range(65))},
        {"values": {"metrics": 0.772}},
        {"values": {"Accuracy": "0.772"}},
        {"values": {"big": 2**53}},
    ],
)
def test_malformed_measurements_cannot_be_made(change: dict[str, Any]) -> None:
    """A measurement that could not be written down strictly is refused where it is made."""
    with pytest.raises(InputError, match="measurement"):
        replace(PLAIN, **change)


def _document(**changes: Any) -> dict[str, Any]:
    return {**PLAIN.document(), **changes}


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        _document(v="qayd/measurement/v2"),
        _document(measured_at="2026-11-23T00:00:00.000000Z"),
        _document(parameters=[{"name": "folds", "value": 10}, {"name": "a", "value": "b"}]),
        _document(parameters=[{"name": "a"}]),
        _document(parameters=[{"name": 1, "value": 1}]),
        _document(parameters={}),
        _document(values=[]),
        _document(seed="7"),
        _document(n="1000"),
        _document(kind=7),
    ],
)
def test_documents_that_were_never_written_are_refused(document: Any) -> None:
    """Unknown, absent, unsorted or mistyped members are refused; so is a time, which is no part of the content."""
    with pytest.raises(InputError):
        Measurement.parse(document)
    with pytest.raises(InputError):
        Measurement.decode(encode(document))


@pytest.mark.parametrize("raw", [b"", b"{", b'{"v": 1}', b"\xff"])
def test_bytes_that_are_not_canonical_are_refused(raw: bytes) -> None:
    """The bytes must be the canonical ones."""
    with pytest.raises(InputError, match="not a measurement document"):
        Measurement.decode(raw)


@pytest.mark.parametrize(
    ("parameters", "values", "folds"),
    [
        ((("folds", 10),), {}, 10),
        ((), {"folds": 5}, 5),
        ((("folds", "10"),), {}, None),
        ((), {"folds": True}, None),
        ((), {"folds": -1}, None),
        ((), {}, None),
    ],
)
def test_folds_are_read_from_parameters_or_values(parameters: Any, values: Any, folds: int | None) -> None:
    """The number of folds is a parameter, or a value where the method says it there."""
    assert replace(PLAIN, parameters=parameters, values=values).folds == folds


def test_that_nothing_could_be_measured_is_a_value() -> None:
    """An honest tool answers with a reason instead of raising."""
    assert NoMeasurement("fairness", "one group only").reason == "one group only"


NOW = "2026-11-23T08:00:00.000000Z"


def test_evidence_cannot_come_from_the_future() -> None:
    """Measured before, or at the moment of, recording; never after, never at a time that is none."""
    for earlier in ("2026-11-23T07:59:59.999999Z", NOW):
        assert check_measured_at(earlier, NOW) == earlier
    with pytest.raises(InputError, match="later than its recording"):
        check_measured_at("2026-11-23T08:00:00.000001Z", NOW)
    for wrong in ("2026-11-23", "2026-13-23T08:00:00.000000Z", ""):
        with pytest.raises(InputError, match="not of the form"):
            check_measured_at(wrong, NOW)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0.10", Decimal("0.10")),
        ("-1", Decimal(-1)),
        ("01", None),
        ("1e3", None),
        (".5", None),
        ("1.", None),
        ("NaN", None),
        (0.5, None),
        (None, None),
        ("1\n", None),
    ],
)
def test_only_decimal_strings_are_numbers(value: object, number: Decimal | None) -> None:
    """What policies compare is a plain decimal string, and nothing else."""
    assert decimal(value) == number
