"""Configurations: bound by digest as they are, with a place, and a fallback where one is registered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.configuration import Configuration
from governance.errors import InputError
from ledger.canonical import encode
from tests.world import CONFIGURATION

MORE = st.dictionaries(
    st.from_regex("[a-z0-9_]{1,8}", fullmatch=True).filter(lambda key: key not in CONFIGURATION),
    st.one_of(st.integers(-9, 9), st.booleans(), st.text("ab", max_size=3), st.lists(st.integers(0, 3), max_size=2)),
    max_size=4,
)


@given(MORE)
def test_decode_reads_what_was_given(more: dict[str, Any]) -> None:
    """All members are kept and bound, the kernel's own and the serving system's; reading them back is a twin."""
    configuration = Configuration.of({**CONFIGURATION, **more})
    assert configuration.document() == {**CONFIGURATION, **more}
    assert Configuration.decode(configuration.raw) == configuration
    assert (configuration.digest == Configuration.of(CONFIGURATION).digest) == (not more)


def test_place_and_fallback_are_read() -> None:
    """Provider, realm and region together are the place; without a fallback there is none."""
    configuration = Configuration.of(CONFIGURATION)
    assert configuration.location == ("aws", "aws", "me-central-1") and configuration.fallback == "human-queue"
    without = {name: value for name, value in CONFIGURATION.items() if name != "fallback"}
    assert Configuration.of(without).fallback is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"provider": None}, "no provider"),
        ({"realm": ""}, "no realm"),
        ({"region": "two words"}, "no region"),
        ({"region": 3}, "no region"),
        ({"fallback": "two words"}, "fallback"),
        ({"fallback": ["human-queue"]}, "fallback"),
        ({"threads": 1.5}, "cannot be bound"),
        ({"Threads": 1}, "cannot be bound"),
        ({"words": "x" * 300_000}, "cannot be bound"),
    ],
)
def test_what_cannot_be_bound_is_refused(change: dict[str, Any], words: str) -> None:
    """No place, a fallback that is no name, fractions, other keys and too much: refused with what to do."""
    with pytest.raises(InputError, match=words) as caught:
        Configuration.of({**CONFIGURATION, **change})
    assert caught.value.hint


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"3", b'{"a": 1}', encode({"provider": "aws"})])
def test_bytes_that_are_no_configuration_are_refused(raw: bytes) -> None:
    """Only canonical bytes of a whole document are read."""
    with pytest.raises(InputError):
        Configuration.decode(raw)
