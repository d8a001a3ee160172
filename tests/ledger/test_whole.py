"""All or none: several events that stand or fall together."""

from __future__ import annotations

import pytest

from ledger.entry import NewEvent
from ledger.errors import Conflict, Refused
from ledger.log import Log, Precondition
from tests.ledger.logs import HEARTBEAT, LINKED


def beat(counter: int, **more: str) -> NewEvent:
    data = {"source": "core/app", "counter": counter}
    return NewEvent(HEARTBEAT, "source/app", "tests", "p-tester", data, **more)


def link(thing: str, to: str) -> NewEvent:
    return NewEvent(LINKED, f"thing/{thing}", "tests", "p-tester", {"to": to})


def test_all_are_written_in_order(log: Log) -> None:
    """One receipt an event, consecutive indices, chained."""
    receipts = log.append_all([beat(1), link("a", "b"), beat(2)])
    first = receipts[0].index
    assert [receipt.index for receipt in receipts] == [first, first + 1, first + 2]
    assert log.entry(first + 2).prevhash == receipts[1].leaf_hash
    assert log.entry(first + 2).subjectprev == receipts[0].leaf_hash


@pytest.mark.parametrize(
    ("bad", "error"),
    [(beat(2, claim="taken"), Conflict), (beat(2, id="known"), Refused), (link("a", "not a token"), Refused)],
)
def test_one_bad_event_and_none_is_written(log: Log, bad: NewEvent, error: type[Exception]) -> None:
    """A taken claim, a reused id, a malformed field: nothing of the call is kept."""
    log.append(beat(0, claim="taken"))
    log.append(beat(1, id="known"))
    before = log.head()
    with pytest.raises(error):
        log.append_all([beat(7, claim="fresh", id="new"), link("c", "d"), bad])
    assert log.head() == before
    receipt = log.append(beat(8, claim="fresh", id="new"))
    assert receipt.status == "appended" and log.entry(receipt.index).subjectprev == log.entry(before[0] - 1).leaf_hash


def test_a_claim_twice_in_one_call(log: Log) -> None:
    """Two events of one call cannot hold the same claim."""
    before = log.head()
    with pytest.raises(Conflict):
        log.append_all([beat(1, claim="one"), beat(2, claim="one")])
    assert log.head() == before


def test_the_precondition_is_for_all(log: Log) -> None:
    """It is checked once, before the first; what the call itself writes does not break it."""
    size = log.size()
    log.append_all([link("a", "b"), link("a", "c")], precondition=Precondition(size, frozenset({"thing/a"})))
    with pytest.raises(Conflict):
        log.append_all([beat(1), beat(2)], precondition=Precondition(size, frozenset({"thing/a"})))
    assert log.size() == size + 2


def test_a_retry_of_all_is_present(log: Log) -> None:
    """The same ids and content answer `present` and write nothing."""
    events = [beat(1, id="x"), beat(2, id="y")]
    first, again = log.append_all(events), log.append_all(events)
    assert [receipt.index for receipt in first] == [receipt.index for receipt in again]
    assert {receipt.status for receipt in again} == {"present"}


def test_nothing_is_nothing(log: Log) -> None:
    """No events, no entries."""
    before = log.head()
    assert log.append_all([]) == [] and log.head() == before
