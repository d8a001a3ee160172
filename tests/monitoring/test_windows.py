"""When to act: k of n, cooldown, and laws that hold for every history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.monitoring.windows import Advice, Rule, Window, advise
from governance.errors import InputError


def at(hour: int) -> str:
    """A time on one day."""
    return f"2026-11-23T{hour:02d}:00:00.000000Z"


def history(marks: str) -> list[Window]:
    """`.` is a quiet window, `x` a breaching one, an hour apart."""
    return [Window(mark == "x", at(hour)) for hour, mark in enumerate(marks)]


@pytest.mark.parametrize(
    ("marks", "act"),
    [
        ("", False),
        ("x", False),
        ("xx", True),
        ("x.x", True),
        ("x..x", False),
        ("xx.", True),
        ("xx..", False),
        ("..xx", True),
    ],
)
def test_two_of_three_windows(marks: str, act: bool) -> None:
    """Only the last three count; one alone is noise."""
    assert advise(history(marks), Rule(2, 3), now=at(23)).act is act


def test_after_acting_only_later_windows_count() -> None:
    """What was acted on is not acted on again."""
    assert advise(history("xxx"), Rule(2, 3), now=at(23), acted_at=at(1)) == Advice(False, 1, 1, False)


@pytest.mark.parametrize(("now", "act"), [(5, False), (6, True)])
def test_a_cooldown_holds_back(now: int, act: bool) -> None:
    """Five hours after acting: not before they have passed, and it says why."""
    advice = advise(history("xxxxx"), Rule(2, 3, 5 * 3600), now=at(now), acted_at=at(1))
    assert (advice.act, advice.cooling) == (act, not act)


@pytest.mark.parametrize("values", [(0, 3, 0), (4, 3, 0), (1, 0, 0), (1, 1, -1)])
def test_rules_that_cannot_be_are_refused(values: tuple[int, int, int]) -> None:
    """k between 1 and n, no negative time."""
    with pytest.raises(InputError):
        Rule(*values)


@given(st.lists(st.booleans(), max_size=20), st.integers(1, 5), st.integers(0, 5))
def test_one_more_breach_never_calms(breaches: list[bool], k: int, more: int) -> None:
    """Replacing a quiet window by a breaching one never turns acting into waiting."""
    rule = Rule(k, k + more)
    windows = [Window(breach, at(hour)) for hour, breach in enumerate(breaches)]
    before = advise(windows, rule, now=at(23)).act
    for position in range(len(windows)):
        worse = [*windows[:position], Window(True, windows[position].recorded_at), *windows[position + 1 :]]
        assert advise(worse, rule, now=at(23)).act >= before
