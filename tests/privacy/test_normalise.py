"""One form for digits, dashes, spaces and invisible marks, and the way back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.privacy.normalise import DASHES, INVISIBLE, SPACES, fold, fold_name, normalise

TEXT = st.text(
    st.one_of(st.sampled_from(INVISIBLE + DASHES + SPACES + "٠٩۰۹0-9aم "), st.characters(exclude_categories=["Cs"]))
)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("٧٨٤-١٩٩٠", "784-1990"),
        ("۷۸۴", "784"),
        ("７８４", "784"),
        ("784\u20111990\u00a01", "784-1990 1"),
        ("\u200f784\u202c", "784"),
        ("a@ex\u200bample.com", "a@example.com"),
        ("محـــمد", "محمد"),
        ("a\tb", "a b"),
        ("7\u200b\u200c\u200d\u200e\u200f8\u202a\u202b\u202c\u202d\u202e4", "784"),
        ("\ufeff7\u2060\u2061\u2062\u2063\u20648\u2066\u2067\u2068\u2069\u061c4", "784"),
    ],
)
def test_many_spellings_have_one_form(written: str, plain: str) -> None:
    """Digits of every script, dashes, spaces and marks that are not seen come to the same plain text."""
    assert fold(written) == plain == normalise(written).text


@given(TEXT)
def test_folding_is_normalising_without_offsets_and_settles(text: str) -> None:
    """The quick way equals the careful one, and doing it twice changes nothing more."""
    assert fold(text) == normalise(text).text == fold(fold(text))


@given(TEXT, st.data())
def test_every_span_leads_back_to_what_it_came_from(text: str, data: st.DataObject) -> None:
    """The original's slice for a span of the plain text folds to that very span."""
    plain = normalise(text)
    end = data.draw(st.integers(0, len(plain.text)))
    start = data.draw(st.integers(0, end))
    left, right = plain.span(start, end)
    assert 0 <= left <= right <= len(text)
    assert fold(text[left:right]) == plain.text[start:end]


@given(st.text("0123456789 -", min_size=1), st.data())
def test_invisible_marks_change_nothing(text: str, data: st.DataObject) -> None:
    """Marks put anywhere into a number leave its form as it was."""
    marked = "".join(character + data.draw(st.sampled_from([*INVISIBLE, ""])) for character in text)
    assert fold(marked) == text


@pytest.mark.parametrize(
    "spellings",
    [
        ["فاطمة أحمد", "فاطمه احمد", "فَاطِمَة  إحمد", "فاطـمة\u00a0آحمد"],
        ["Al-Mansoori", "al mansoori", "AL  MANSOORI", "Al\u2011Mansoori"],
        ["José Núñez", "jose nunez"],
        ["O'Neil, A.", "o neil a"],
    ],
)
def test_a_name_has_one_form_in_its_script(spellings: list[str]) -> None:
    """Letter variants, vowel marks, accents, case and gaps do not make another person."""
    assert len({fold_name(spelling) for spelling in spellings}) == 1
    assert fold_name(spellings[0]) != fold_name("علي Ali")
