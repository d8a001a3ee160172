"""The log against a plain list: whatever is appended, retried, claimed, conditioned or reopened, both say the same."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ledger.entry import NewEvent
from ledger.errors import Conflict, LedgerError, Refused
from ledger.log import Log, Precondition, Receipt
from ledger.store import Store
from tests.ledger.logs import HEARTBEAT, LINKED, NOTED, TYPES, SetClock, check_whole, create_log, make_vault, secret

NAMES = st.sampled_from(["a", "b", "c"])
WORDS = st.sampled_from(["hush", "loud"])


@st.composite
def events(draw: st.DrawFn) -> NewEvent:
    kind = draw(st.sampled_from([HEARTBEAT, LINKED, NOTED]))
    subject, data = f"thing/{draw(NAMES)}", {}
    if kind == HEARTBEAT:
        subject, data = f"source/{draw(NAMES)}", {"source": "s", "counter": draw(st.integers(0, 1))}
    elif kind == LINKED:
        data = {"to": f"thing/{draw(NAMES)}"}
    elif draw(st.booleans()):
        data = {"words": secret(draw(WORDS), draw(st.sampled_from(["p-1", "p-2"])))}
    return NewEvent(
        kind,
        subject,
        draw(st.sampled_from(["cli", "api"])),
        draw(st.sampled_from(["p-1", "p-1", "p-2"])),
        data,
        id=draw(st.none() | st.sampled_from(["i1", "i2", "i3", "i4", "i5"])),
        time=draw(st.none() | st.just("2020-01-01T00:00:00.000000Z")),
        claim=draw(st.none() | st.none() | st.sampled_from(["c1", "c2", "c3"])),
    )


@dataclass
class Model:
    """What a ledger is, as a list of events with the answers they were given."""

    events: list[NewEvent] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def expected(self, event: NewEvent) -> str:
        for known in self.events:
            if event.id is not None and (known.source, known.id) == (event.source, event.id):
                fields = [(e.type, e.subject, e.actor, e.claim, e.data) for e in (known, event)]
                timely = event.time is None or event.time == known.time
                return "present" if fields[0] == fields[1] and timely else "refused"
        taken = event.claim is not None and any(known.claim == event.claim for known in self.events)
        return "conflict" if taken else "appended"

    def touched(self, as_of: int, keys: frozenset[str]) -> bool:
        return any({e.subject, e.data.get("to")} & keys for e in self.events[max(as_of - 1, 0) :])


class LogMachine(RuleBasedStateMachine):
    """Rules act on both; invariants compare all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.clock = SetClock()
        self.url = f"sqlite:///{self.directory}/ledger.db"
        self.model = Model()
        store = Store.create(self.url)
        self.log = create_log(store, clock=self.clock, vault=make_vault(store, self.directory / "kek", self.clock))

    def teardown(self) -> None:
        self.log.close()
        shutil.rmtree(self.directory)

    def answered(self, event: NewEvent, expected: str, outcome: object) -> None:
        if expected in ("appended", "present"):
            assert isinstance(outcome, Receipt) and outcome.status == expected
            if expected == "appended":
                self.model.events.append(event)
                self.model.ids.append(outcome.id)
            assert self.model.ids[outcome.index - 1] == outcome.id
        else:
            assert not isinstance(outcome, Receipt)

    @rule(event=events())
    def append(self, event: NewEvent) -> None:
        expected = self.model.expected(event)
        try:
            outcome: object = self.log.append(event)
        except (Refused, Conflict) as error:
            outcome = error
        self.answered(event, expected, outcome)
        assert isinstance(outcome, Conflict) == (expected == "conflict")

    @rule(batch=st.lists(events(), max_size=6))
    def append_many(self, batch: list[NewEvent]) -> None:
        for event, outcome in zip(batch, self.log.append_many(batch), strict=True):
            self.answered(event, self.model.expected(event), outcome)

    @rule(event=events(), back=st.integers(0, 4), keys=st.frozensets(NAMES.map(lambda name: f"thing/{name}")))
    def append_if(self, event: NewEvent, back: int, keys: frozenset[str]) -> None:
        as_of = max(self.log.size() - back, 0)
        expected = self.model.expected(event)
        if expected in ("appended", "conflict") and self.model.touched(as_of, keys):
            expected = "conflict"
        try:
            outcome: object = self.log.append(event, precondition=Precondition(as_of, keys))
        except LedgerError as error:
            outcome = error
        self.answered(event, expected, outcome)

    @rule(seconds=st.floats(-0.2, 100))
    def time_passes(self, seconds: float) -> None:
        self.clock.move(seconds)

    @rule()
    def reopen(self) -> None:
        self.log.close()
        store = Store.open(self.url)
        vault = make_vault(store, self.directory / "kek", self.clock, seed=len(self.model.events) + 2)
        noise = random.Random(len(self.model.events) + 100).randbytes
        self.log = Log.open(store, types=TYPES, clock=self.clock, random=noise, vault=vault)

    @precondition(lambda self: self.model.events)
    @rule(data=st.data())
    def sealed_values_open(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.model.events) - 1))
        words: Any = self.model.events[at].data.get("words")
        if words is not None and self.log.vault is not None:
            assert self.log.vault.recall(self.log.entry(at + 1), "/data/words") == words

    @invariant()
    def the_log_is_the_list(self) -> None:
        entries = check_whole(self.log)[1:]
        assert [entry.id for entry in entries] == self.model.ids
        assert [(e.type, e.subject, e.source, e.actor, e.claim) for e in entries] == [
            (e.type, e.subject, e.source, e.actor, e.claim) for e in self.model.events
        ]


TestLogMachine = pytest.mark.slow(LogMachine.TestCase)
TestLogMachine.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
