"""Preconditions and claims are decided under the head lock: of several who rely on one state, one goes ahead."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from ledger.entry import NewEvent
from ledger.errors import Conflict, Refused
from ledger.log import Log, Precondition, Receipt, Refusal
from ledger.store import Store
from tests.ledger.logs import LINKED, TYPES, WallClock, check_whole, create_log, heartbeat, note


def since(as_of: int, *keys: str) -> Precondition:
    return Precondition(as_of, frozenset(keys))


def link(name: str, to: str, **changes: object) -> NewEvent:
    return note(name, type=LINKED, data={"to": to}, **changes)


def test_a_precondition_holds_until_its_key_is_written_about(log: Log) -> None:
    """As subject or as touched key; other keys and earlier entries do not matter."""
    log.append(note("a"))
    size = log.size()
    log.append(note("b"), precondition=since(size, "thing/a", "thing/c"))
    log.append(link("b", "thing/c"), precondition=since(size, "thing/a"))
    for key in ("thing/b", "thing/c"):
        with pytest.raises(Conflict, match=f"{key} was written about after size {size}"):
            log.append(note("d"), precondition=since(size, "thing/a", key))
    log.append(note("d"), precondition=since(log.size(), "thing/a", "thing/b", "thing/c"))
    log.append(note("e"), precondition=since(0))
    assert log.size() == 6


@pytest.mark.parametrize("key", ["", "a\x00b", "a b", "\ud800", "ä", "x" * 256])
def test_a_key_that_nothing_can_touch_is_refused(key: str) -> None:
    """Before it reaches a batch, in which the database would choke on it at the cost of the others."""
    with pytest.raises(Refused, match="neither a subject nor touched"):
        Precondition(0, frozenset({"thing/a", key}))


def test_a_broken_precondition_names_the_same_key_on_every_run(log: Log) -> None:
    """Of many keys written about it is the first in order, whatever order a set has in this process."""
    log.append_many([note(f"t{number:02}") for number in range(20, 40)])
    keys = frozenset(f"thing/t{number:02}" for number in range(40))
    with pytest.raises(Conflict, match="thing/t20 was written about after size 1"):
        log.append(heartbeat(), precondition=Precondition(1, keys))


def test_a_call_does_not_break_its_own_precondition(log: Log) -> None:
    """It is checked before the first of its events is placed, and holds for all of them."""
    size = log.size()
    outcomes = log.append_many([note("a"), note("a")], precondition=since(size, "thing/a"))
    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt]
    with pytest.raises(Conflict):
        log.append_many([note("b"), note("c")], precondition=since(size, "thing/a"))
    assert log.size() == size + 2


def test_a_retry_is_present_whatever_its_precondition_says(log: Log) -> None:
    """It was decided when it was written; what is new in the same call is still checked."""
    receipt = log.append(note("a", id="x", claim="c"), precondition=since(1, "thing/a"))
    again = log.append(note("a", id="x", claim="c"), precondition=since(1, "thing/a"))
    assert (again.status, again.index) == ("present", receipt.index)
    with pytest.raises(Conflict):
        log.append_many([note("a", id="x", claim="c"), note("b")], precondition=since(1, "thing/a"))
    assert log.size() == 2


def test_a_precondition_of_the_future_is_refused(log: Log) -> None:
    """Nobody can have seen more entries than there are; sizes and keys have limits."""
    with pytest.raises(Refused, match="has not reached"):
        log.append(note("a"), precondition=since(2, "thing/a"))
    for as_of, keys in ((-1, 1), (0, 1025)):
        with pytest.raises(Refused):
            since(as_of, *(f"k{n}" for n in range(keys)))
    assert log.append(note("a"), precondition=since(1, *(f"k{n}" for n in range(1024)))).index == 1


def test_a_claim_is_held_once(log: Log) -> None:
    """By the first entry that names it, for ever; the message names the claim."""
    log.append(note("a", claim="approval/1"))
    with pytest.raises(Conflict, match="approval/1 is taken"):
        log.append(note("b", claim="approval/1"))
    outcomes = log.append_many([note("b", claim="x"), note("c", claim="x"), note("d", claim="y"), note("e")])
    assert [type(outcome) for outcome in outcomes] == [Receipt, Refusal, Receipt, Receipt]
    assert [entry.claim for entry in log.entries(1)] == ["approval/1", "x", "y", None]


def together(count: int, act: Callable[[int], object]) -> list[object]:
    """The results of `count` threads that start at one moment."""
    barrier = Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return act(number)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def two_doors(url: str) -> tuple[Log, Log]:
    """The same log, opened twice, as two processes would."""
    first = create_log(Store.create(url), clock=WallClock())
    second = Log.open(Store.open(url), types=TYPES, clock=WallClock(), random=random.Random(9).randbytes)
    return first, second


def test_of_many_who_claim_one_gets_it(url: str) -> None:
    """Eight threads through two doors: one receipt, seven conflicts."""
    doors = two_doors(url)
    results = together(8, lambda number: doors[number % 2].append(note(f"n{number}", claim="only")))
    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 7 + ["Receipt"]
    assert [entry.claim for entry in check_whole(doors[0])[1:]] == ["only"]
    for door in doors:
        door.close()


def test_of_many_who_rely_on_one_state_one_goes_ahead(url: str) -> None:
    """Four rounds of eight: each round exactly one precondition holds."""
    doors = two_doors(url)
    for _ in range(4):
        held = since(doors[0].size(), "thing/a")
        results = together(8, lambda number, held=held: doors[number % 2].append(note("a"), precondition=held))  # type: ignore[misc]
        assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 7 + ["Receipt"]
    assert len(check_whole(doors[0])) == 5
    for door in doors:
        door.close()


def test_threads_share_a_log(url: str) -> None:
    """Many threads through two doors: nothing lost, nothing twice, one chain."""
    doors = two_doors(url)

    def work(number: int) -> list[str]:
        log = doors[number % 2]
        ids = [log.append(heartbeat(n, name=f"t{number}")).id for n in range(6)]
        many = log.append_many([heartbeat(n, name=f"t{number}") for n in range(5)])
        return ids + [outcome.id for outcome in many if isinstance(outcome, Receipt)]

    answered = [set(ids) for ids in together(8, work) if isinstance(ids, list)]
    entries = check_whole(doors[1])
    assert {entry.id for entry in entries[1:]} == set().union(*answered)
    assert len(entries) == 1 + 8 * 11
    for door in doors:
        door.close()
