"""A retry with the same source and id is harmless; the same id with other content is refused."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete

from ledger.entry import NewEvent
from ledger.errors import IntegrityError, Refused
from ledger.log import Log, Receipt, Refusal
from ledger.tables import SealedRow, table_of
from tests.ledger.logs import NOTED, START, SetClock, heartbeat, secret, stamp

FIRST: dict[str, Any] = {
    "type": NOTED,
    "subject": "thing/a",
    "source": "cli",
    "actor": "p-1",
    "data": {"words": secret("hush"), "more": secret({"k": [1]}, "p-8"), "report": "sha256:" + "0" * 64, "level": 1},
    "id": "event-1",
    "time": stamp(START),
    "claim": "claim-1",
}


def data(**changes: object) -> dict[str, object]:
    merged = FIRST["data"] | changes
    return {name: value for name, value in merged.items() if value is not None}


SAME: list[dict[str, Any]] = [{}, {"time": None}, {"data": dict(reversed(FIRST["data"].items()))}]

OTHER: list[tuple[dict[str, Any], str]] = [
    ({"type": "thing.linked.v1", "data": {}}, "type"),
    ({"subject": "thing/b"}, "subject"),
    ({"actor": "p-2"}, "actor"),
    ({"time": "2026-11-23T12:00:00.000001Z"}, "time"),
    ({"claim": "claim-2"}, "claim"),
    ({"claim": None}, "claim"),
    ({"data": data(level=2)}, "data.level"),
    ({"data": data(level=None)}, "data.level"),
    ({"data": data(report="sha256:" + "1" * 64)}, "data.report"),
    ({"data": data(words=secret("loud"))}, "data.words"),
    ({"data": data(words=secret("hush", "p-7"))}, "data.words"),
    ({"data": data(words=None)}, "data.words"),
    ({"data": data(more=secret({"k": [True]}, "p-8"))}, "data.more"),
]


def first(**changes: Any) -> NewEvent:
    return NewEvent(**(FIRST | changes))


@pytest.mark.parametrize("changes", SAME)
def test_the_same_content_is_present(log: Log, changes: dict[str, Any], clock: SetClock) -> None:
    """Answered with the first entry's place and hash; nothing is written. A time not given is not compared."""
    written = log.append(first())
    clock.move(60)
    again = log.append(first(**changes))
    assert again == Receipt("event-1", 1, written.leaf_hash, "present")
    assert log.size() == 2


@pytest.mark.parametrize(("changes", "member"), OTHER)
def test_other_content_under_the_same_id_is_refused(log: Log, changes: dict[str, Any], member: str) -> None:
    """The message names the first member that differs, and no value."""
    log.append(first())
    with pytest.raises(Refused, match=rf"already at index 1, with another {member}$") as refused:
        log.append(first(**changes))
    assert "hush" not in str(refused.value) and "loud" not in str(refused.value)
    assert log.size() == 2


@pytest.mark.parametrize(("changes", "member"), [({}, ""), *OTHER])
def test_repeats_within_one_call_are_treated_alike(log: Log, changes: dict[str, Any], member: str) -> None:
    """The second of a pair in one batch is present or refused as if it had come later."""
    one, two = log.append_many([first(), first(**changes)])
    assert isinstance(one, Receipt) and one.status == "appended"
    if member:
        assert isinstance(two, Refusal) and two.reason.endswith(f"with another {member}")
    else:
        assert two == Receipt("event-1", 1, one.leaf_hash, "present")
    assert log.size() == 2


def test_a_sealed_field_repeated_as_a_seal_is_refused(log: Log) -> None:
    """Sealed and public are never equal, in either direction."""
    plain = first(data=data(words=None, more=None))
    outcomes = log.append_many([plain, first()])
    assert [type(outcome) for outcome in outcomes] == [Receipt, Refusal]
    with pytest.raises(Refused, match=r"data\.more"):
        log.append(first())


def test_an_id_belongs_to_its_source(log: Log) -> None:
    """Two sources may use one id for two events."""
    assert log.append(heartbeat(id="x", source="one")).status == "appended"
    assert log.append(heartbeat(id="x", source="two")).status == "appended"
    assert log.append(heartbeat(id="x", source="two")).status == "present"


def test_without_an_id_nothing_is_a_retry(log: Log) -> None:
    """Each gets an id of its own; sending that id later is a retry."""
    receipt = log.append(heartbeat())
    assert log.append(heartbeat()).status == "appended"
    assert log.append(heartbeat(id=receipt.id)).index == receipt.index


def test_a_retry_that_cannot_be_compared_is_refused(sqlite_log: Log) -> None:
    """Where the vault has lost the value, the event is neither said to be present nor written again."""
    sqlite_log.append(first())
    with sqlite_log._store.writing() as connection:
        connection.execute(delete(table_of(SealedRow)))
    (outcome,) = sqlite_log.append_many([first()])
    assert isinstance(outcome, Refusal) and "lost a sealed value" in outcome.reason
    with pytest.raises(IntegrityError, match=r"^LOST at index 1"):
        sqlite_log.append(first())
    assert sqlite_log.size() == 2
