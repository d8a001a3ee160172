"""Sorting on disk gives what sorting in memory gives."""

from __future__ import annotations

import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import StoreFault
from ledger.spill import Spill


@given(st.lists(st.binary(min_size=3, max_size=3)), st.integers(1, 9))
def test_the_order_is_that_of_sorted(items: list[bytes], run: int) -> None:
    """Whatever the size of the runs, every item comes back, in order, as often as asked."""
    with Spill(3, run) as spill:
        for item in items:
            spill.add(item)
        assert list(spill) == list(spill) == sorted(items)


def test_a_full_disk_is_a_fault() -> None:
    """Without room to sort in, the error says what to do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))
    try:
        with Spill(3, 2) as spill:
            spill.add(b"abc")
            with pytest.raises(StoreFault, match="room"):
                spill.add(b"abc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
