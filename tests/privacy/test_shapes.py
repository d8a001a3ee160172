"""Forms and check digits of identifiers, each with what must and what must not pass."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.privacy.shapes import SHAPES, iban, luhn
from adapters.privacy.tokens import canonical


@pytest.mark.parametrize("number", ["784-1990-1234567-6", "4111111111111111", "79927398713", "378282246310005"])
def test_luhn_accepts_published_examples(number: str) -> None:
    """Examples from card networks, Wikipedia and a published Emirates ID fixture."""
    assert luhn(number)


@given(st.text("0123456789", min_size=2, max_size=20), st.data())
def test_luhn_notices_every_single_wrong_digit(digits: str, data: st.DataObject) -> None:
    """For any body exactly one check digit passes, and changing any one digit of a passing number fails."""
    (check,) = [digit for digit in "0123456789" if luhn(digits + digit)]
    number = digits + check
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert not luhn(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("AE070331234567890123456", True),
        ("ae07 0331 2345 6789 0123 456", True),
        ("SA0380000000608010167519", True),
        ("QA58DOHB00001234567890ABCDEFG", True),
        ("KW81CBKU0000000000001234560101", True),
        ("BH67BMAG00001299123456", True),
        ("GB82WEST12345698765432", True),
        ("AE080331234567890123456", False),
        ("AE07033123456789012345", False),
        ("GB82WEST1234569876543", False),
        ("AE", False),
        ("", False),
    ],
)
def test_ibans_of_the_gulf_and_beyond(text: str, valid: bool) -> None:
    """Published examples pass; a wrong check digit, a wrong length or no IBAN at all does not."""
    assert iban(text) is valid


def whole(text: str) -> set[str]:
    """The identifiers whose form a text has as a whole."""
    return {
        shape.entity
        for shape in SHAPES
        if (match := re.fullmatch(shape.regex, text, re.IGNORECASE)) and shape.accepts(match.group())
    }


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("784-1990-1234567-6", {"AE_EMIRATES_ID"}),
        ("784199012345676", {"AE_EMIRATES_ID"}),
        ("784 1990 1234567 0", {"AE_EMIRATES_ID"}),
        ("785-1990-1234567-6", set()),
        ("100123456700003", {"AE_TRN"}),
        ("4111 1111 1111 1111", {"CREDIT_CARD"}),
        ("4111111111111112", set()),
        ("378282246310005", {"CREDIT_CARD"}),
        ("+971 50 123 4567", {"AE_PHONE", "PHONE_NUMBER"}),
        ("00971501234567", {"AE_PHONE", "PHONE_NUMBER"}),
        ("0501234567", {"AE_PHONE"}),
        ("04-123 4567", {"AE_PHONE"}),
        ("0571234567", set()),
        ("+44 20 7946 0958", {"PHONE_NUMBER"}),
        ("A1234567", {"AE_PASSPORT"}),
        ("fatima.k+x@mail.example.ae", {"EMAIL_ADDRESS"}),
        ("fatima@localhost", set()),
        ("192.168.10.1", {"IP_ADDRESS"}),
        ("192.168.10.256", set()),
        ("GB82WEST12345698765432", {"IBAN_CODE"}),
        ("GB82WEST12345698765431", set()),
        ("AE080331234567890123456", {"IBAN_CODE"}),
        ("A43", set()),
        ("1169", set()),
        ("2024-01-31", set()),
    ],
)
def test_a_form_is_recognised_as_a_whole(text: str, entities: set[str]) -> None:
    """Each identifier has its form, and neighbours (tax number and card, card and Emirates ID) are kept apart."""
    assert whole(text) == entities


@pytest.mark.parametrize(
    "long", ["9" * 100_000, "a" * 100_000, "- " * 50_000, "a.b-" * 25_000, "AE07 " * 20_000, "+1 (" * 25_000]
)
def test_no_form_takes_long_on_hostile_text(long: str) -> None:
    """Every pattern is bounded: 100,000 characters of near misses are read in well under the test's time."""
    for shape in SHAPES:
        assert sum(1 for _ in re.finditer(shape.regex, long, re.IGNORECASE)) <= len(long)


@pytest.mark.parametrize(
    ("entity", "spellings"),
    [
        (
            "AE_PHONE",
            ["+971501234567", "00971 50 123 4567", "0501234567", "٠٥٠ ١٢٣ ٤٥٦٧", "501234567", "971-50-1234567"],
        ),
        ("AE_PHONE", ["04 123 4567", "+97141234567", "+971 (0)4 1234567"]),
        ("PHONE_NUMBER", ["+44 20 7946 0958", "0044 20 79460958"]),
        ("AE_EMIRATES_ID", ["784-1990-1234567-6", "784199012345676", "٧٨٤ ١٩٩٠ ١٢٣٤٥٦٧ ٦"]),
        ("IBAN_CODE", ["AE070331234567890123456", "ae07 0331 2345 6789 0123 456"]),
        ("EMAIL_ADDRESS", ["A.B@Example.com ", "a.b@example.com"]),
        ("PASSPORT", ["a1234567", "A 123-4567"]),
        ("PERSON", ["Mohammed Al-Ketbi", "MOHAMMED  AL KETBI"]),
    ],
)
def test_an_identifier_has_one_canonical_form(entity: str, spellings: list[str]) -> None:
    """However it is written, the same identifier gives the same form, and so the same pseudonym."""
    assert len({canonical(entity, spelling) for spelling in spellings}) == 1
    assert canonical(entity, spellings[0]) != canonical(entity, spellings[0] + "9x")


@pytest.mark.parametrize("oddity", ["call me", "-", "+", "12"])
def test_what_is_no_number_still_has_a_form(oddity: str) -> None:
    """A cell that is not what its column holds is still replaced, never kept as it is nor merged with nothing."""
    assert canonical("AE_PHONE", oddity) and canonical("AE_EMIRATES_ID", oddity) and canonical("", oddity)
