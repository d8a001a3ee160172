"""Event types: what a field may hold, and that nothing undeclared, unsealed or too long gets in."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.canonical import MAX_INTEGER, decode, digest
from ledger.errors import Refused
from ledger.schema import OPENED, EventType, EventTypes, Field, FieldKind, Sealed, Shape, validate

DIGEST = "sha256:" + "0f" * 32


def nested(levels: int) -> Any:
    value: Any = "a"
    for _ in range(levels):
        value = {"in": value}
    return value


def accepts(spec: Field, value: object) -> bool:
    declared = EventType("test.happened.v1", {"x": spec}, "s")
    try:
        validate(declared, {"x": value})
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        ("token", ["a", "A.b_c:d/e@f+g=h-i", "9" * 255], ["", "-a", "a b", "é", "a\n", "a" * 256, 1, None, ["a"]]),
        ("decimal", ["0", "-0.5", "12.340", "1" * 255], ["", ".5", "1.", "01", "+1", "1e3", "1\n", 1, "1" * 256]),
        ("digest", [DIGEST], ["", "0f" * 32, DIGEST.upper(), DIGEST + "0", "md5:00", None]),
        (
            "time",
            ["2026-02-28T23:59:59.000001Z"],
            ["2026-02-30T00:00:00.000000Z", "2026-02-28T24:00:00.000000Z", "2026-02-28T00:00:00Z", "now", 1],
        ),
        ("integer", [0, MAX_INTEGER, -MAX_INTEGER], [MAX_INTEGER + 1, True, 1.0, "1", None]),
        ("boolean", [True, False], [0, 1, "true", None]),
        ("tokens", [[], ["a"], ["a"] * 256], [["a"] * 257, "a", ["a", ""], [1], ("a",), None]),
        ("digests", [[], [DIGEST]], [[DIGEST, "a"], DIGEST]),
        (
            "json",
            [None, 1, True, "a", [], {"k": ["a", {"n": None}]}, nested(8)],
            ["", "a b", 1.5, ["é"], {"k": "a b"}, nested(9), {"sealed": {}}, {"k": [{"sealed": 1}]}, (1,), b"a"],
        ),
    ],
)
def test_public_shapes(shape: Shape, good: list[Any], bad: list[Any]) -> None:
    """Each shape takes what it describes and nothing beside it."""
    spec = Field("public", shape)
    assert [value for value in good if not accepts(spec, value)] == []
    assert [value for value in bad if accepts(spec, value)] == []


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        (Field("public", "text", "[a-z ]+"), "two words", "Two"),
        (Field("public", "text", ".+"), "plain", "naïve"),
        (Field("public", "token", "a|b"), "b", "c"),
        (Field("public", "tokens", "a|b"), ["a", "b"], ["a", "c"]),
        (Field("public", "json", "[a-z ]+"), {"k": "two words"}, {"k": "Two"}),
        (Field("digest", "digest"), DIGEST, "x"),
        (Field("digest", "digests"), [DIGEST], [1]),
    ],
)
def test_a_pattern_takes_the_place_of_the_usual_one(spec: Field, good: Any, bad: Any) -> None:
    """An own pattern rules strings, in lists and documents too, and is always ASCII."""
    assert accepts(spec, good)
    assert not accepts(spec, bad)


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        (Field("sealed", "text"), 'زيد said "hi"\n', 5),
        (Field("sealed", "text", "[0-9]{15}"), "7" * 15, "7" * 14),
        (Field("sealed", "text"), "x" * 1000, "x" * (1024 * 1024)),
        (Field("sealed", "json"), {"k": ["any text", 1]}, {"k": 1.5}),
        (Field("sealed", "integer"), 5, "5"),
        (Field("sealed", "tokens"), ["a"], ["a b"]),
    ],
)
def test_sealed_fields_take_sealed_values(spec: Field, good: Any, bad: Any) -> None:
    """A sealed value may be any text or document of its shape; a bare value never stands in a sealed field."""
    assert accepts(spec, Sealed(good, "p-1"))
    assert not accepts(spec, Sealed(bad, "p-1"))
    assert not accepts(spec, good)
    assert not accepts(spec, Sealed(good, "no person"))


def test_a_public_field_takes_no_sealed_value() -> None:
    """Sealing what is declared public is refused, not passed on."""
    assert not accepts(Field("public"), Sealed("a", "p-1"))


def test_a_sealed_value_does_not_show_in_messages() -> None:
    """Its text form names the person's pseudonym only."""
    assert "secret" not in repr(Sealed("secret", "p-1"))


def test_fields_are_neither_missing_nor_undeclared() -> None:
    """Required ones are there, optional ones may be, others may not; the message names the field."""
    declared = EventType("test.happened.v1", {"a": Field("public"), "b": Field("public", required=False)}, "s")
    validate(declared, {"a": "x"})
    validate(declared, {"a": "x", "b": "y"})
    with pytest.raises(Refused, match="field a is missing") as missing:
        validate(declared, {"b": "y"})
    assert missing.value.hint == "its fields are a, b (optional)"
    with pytest.raises(Refused, match="undeclared field c"):
        validate(declared, {"a": "x", "c": "y"})
    with pytest.raises(Refused, match="unprintable name"):
        validate(declared, {"a": "x", "naïve": "y"})
    with pytest.raises(Refused, match="not an object"):
        validate(declared, ["a"])  # type: ignore[arg-type]


def test_a_refusal_does_not_quote_the_value() -> None:
    """What was wrong may be personal, so only the field is named."""
    with pytest.raises(Refused) as refused:
        validate(EventType("test.happened.v1", {"a": Field("public")}, "s"), {"a": "Zayed Example"})
    assert "Zayed" not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize(
    ("kind", "shape", "pattern"),
    [
        ("secret", "token", None),
        ("public", "float", None),
        ("digest", "token", None),
        ("public", "text", None),
        ("public", "token", "(a"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(kind: FieldKind, shape: Shape, pattern: str | None) -> None:
    """Unknown kinds and shapes, digests that are none, public free text, broken patterns."""
    with pytest.raises(Refused):
        Field(kind, shape, pattern)


@pytest.mark.parametrize(
    ("name", "fields", "subject", "touches"),
    [
        ("happened", {}, "s", ()),
        ("x.happened", {}, "s", ()),
        ("X.happened.v1", {}, "s", ()),
        ("x." + "a" * 255 + ".v1", {}, "s", ()),
        ("x.happened.v1", {}, "(s", ()),
        ("x.happened.v1", {"sealed": Field("public")}, "s", ()),
        ("x.happened.v1", {"A": Field("public")}, "s", ()),
        ("x.happened.v1", {"a": Field("public")}, "s", ("b",)),
        ("x.happened.v1", {"a": Field("public", "integer")}, "s", ("a",)),
        ("x.happened.v1", {"a": Field("sealed")}, "s", ("a",)),
    ],
)
def test_a_type_that_makes_no_sense_is_refused(
    name: str, fields: dict[str, Field], subject: str, touches: tuple[str, ...]
) -> None:
    """Names, patterns, reserved fields and touched keys are checked when the type is declared."""
    with pytest.raises(Refused):
        EventType(name, fields, subject, touches=touches)


def test_a_registry_knows_its_types_and_the_ledgers_own() -> None:
    """Unknown names and second declarations are refused."""
    happened = EventType("x.happened.v1", {}, "s")
    types = EventTypes([happened])
    assert types.get("x.happened.v1") is happened
    assert {declared.name for declared in types} == {"ledger.opened.v1", "ledger.closed.v1", "x.happened.v1"}
    with pytest.raises(Refused, match=r"unknown event type y\.happened\.v1"):
        types.get("y.happened.v1")
    for again in (happened, OPENED):
        with pytest.raises(Refused, match="declared twice"):
            EventTypes([happened, again])


def test_the_digest_of_a_registry_tells_its_declarations() -> None:
    """The order of declaration does not matter; every detail of one does."""
    one = EventType("x.happened.v1", {"a": Field("public")}, "s")
    two = EventType("y.happened.v1", {}, "s")
    types = EventTypes([one, two])
    assert types.digest() == EventTypes([two, one]).digest() == digest(types.document())
    assert [item["name"] for item in decode(types.document())][-2:] == ["x.happened.v1", "y.happened.v1"]
    others = [
        EventType("x.happened.v1", {"a": Field("public")}, "t"),
        EventType("x.happened.v1", {"a": Field("public")}, "s", open=True),
        EventType("x.happened.v1", {"a": Field("public")}, "s", touches=("a",)),
        EventType("x.happened.v1", {"a": Field("sealed")}, "s"),
        EventType("x.happened.v1", {"a": Field("public", "token", "b")}, "s"),
        EventType("x.happened.v1", {"a": Field("public", required=False)}, "s"),
        EventType("x.happened.v1", {"b": Field("public")}, "s"),
    ]
    digests = {EventTypes([other, two]).digest() for other in (one, *others)}
    assert len(digests) == 1 + len(others)
