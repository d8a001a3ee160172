"""How times, digests, durations and strange characters are written for people."""

from __future__ import annotations

import pytest

from reports.text import duration, moment, short, visible


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ("2026-11-23T13:50:12.000000Z", "2026-11-23 13:50:12 UTC"),
        ("2026-11-23T13:50:12+04:00", "2026-11-23T13:50:12+04:00"),
        ("", ""),
        ("never", "never"),
    ],
)
def test_times_say_utc(time: str, written: str) -> None:
    """Only a UTC time is rewritten; anything else stays as it is."""
    assert moment(time) == written


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [(0, "0.0 s"), (900, "0.9 s"), (83_400, "1 min 23.4 s"), (3_600_000, "1 h 0.0 s"), (3_723_000, "1 h 2 min 3.0 s")],
)
def test_durations_name_their_units(milliseconds: int, written: str) -> None:
    """Hours and minutes appear once there are any."""
    assert duration(milliseconds) == written


def test_digests_are_shortened_and_nothing_else_is() -> None:
    """A digest keeps its algorithm and twelve digits."""
    assert short("sha256:" + "ab" * 32) == "sha256:abababababab…"
    assert short("9f2c41d0") == "9f2c41d0"


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\r"])
def test_characters_that_hide_are_shown(char: str) -> None:
    """Controls and direction overrides cannot make a page show other than it holds."""
    assert visible(f"a{char}b") == "a\ufffdb"


@pytest.mark.parametrize("words", ["قيد", "a\nb", "\u0645\u200c\u0645", "plain"])
def test_ordinary_words_stay(words: str) -> None:
    """Arabic with its joiners, and ends of lines, are left alone."""
    assert visible(words) == words
