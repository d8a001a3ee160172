"""Laws 2, 5 and 7 under chance: any sequence of what people, processes and failing tools do, then the audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.audit import audit
from governance.errors import GovernanceError
from governance.gate import check
from governance.promotion import run
from governance.safety import rollback, suspend
from ledger.entry import NewEvent
from ledger.errors import Conflict, StoreFault
from tests.governance.story import (
    CHANGED,
    CONFIGURATION,
    OFFICER,
    OTHER_RISK,
    RISK,
    SUBJECT,
    TARGET,
    TRAINER,
    VALIDATOR,
    Story,
)
from tests.simulator import Fault


class Racing:
    """A ledger in front of which another process acts before the next write."""

    def __init__(self, story: Story, act: Callable[[Story], object]) -> None:
        self.story, self.act = story, act
        self.entries, self.state = story.sim.ledger.entries, story.sim.ledger.state

    def append(self, events: list[NewEvent], precondition: object = None) -> object:
        act, self.act = self.act, lambda story: None
        attempt(self.story, act)
        return self.story.sim.ledger.append(events, precondition)  # type: ignore[arg-type]


def newest(story: Story) -> str:
    return max(story.sim.catalog().requests, default="request/00000000")


def stop(story: Story) -> object:
    return suspend(story.desk, story.sim.serving, TARGET, actor=OFFICER)


def resume(story: Story) -> object:
    suspension = story.sim.catalog().deployments[f"deployment/{TARGET}"].suspension
    return story.open(kind="resume", cause=str(suspension.index if suspension else 0))


ACTS: dict[str, Callable[[Story], object]] = {
    "ask": lambda story: story.open(),
    "resume": resume,
    "risk says yes": lambda story: story.answer(newest(story), RISK, "risk-officer"),
    "another says yes": lambda story: story.answer(newest(story), OTHER_RISK, "risk-officer"),
    "validator says yes": lambda story: story.answer(newest(story), VALIDATOR, "validator"),
    "validator says no": lambda story: story.answer(newest(story), VALIDATOR, "validator", "reject"),
    "trainer says yes": lambda story: story.answer(newest(story), TRAINER, "risk-officer"),
    "run": lambda story: story.run(newest(story)),
    "run by another name": lambda story: story.run(newest(story), promotion="promotion/other"),
    "run changed": lambda story: story.run(newest(story), CHANGED),
    "run the first": lambda story: story.run("request/00000001"),
    "check": lambda story: check(story.desk, story.question(), actor=TRAINER),
    "measure well": lambda story: story.measure("0.05"),
    "measure badly": lambda story: story.measure("0.5"),
    "revoke": lambda story: story.revoke(RISK),
    "wait": lambda story: story.sim.clock.advance(days=2),
    "stop": stop,
    "go back": lambda story: rollback(story.desk, story.sim.serving, TARGET, actor=OFFICER),
    "the disk fails": lambda story: story.sim.ledger.faults.add(Fault.BEFORE),
    "the answer is lost": lambda story: story.sim.ledger.faults.add(Fault.AFTER),
    "serving fails": lambda story: story.sim.serving.faults.add(Fault.BEFORE),
    "serving answers nothing": lambda story: story.sim.serving.faults.add(Fault.AFTER),
    "nobody sees": lambda story: setattr(story.sim.serving, "blind", True),
    "somebody sees": lambda story: setattr(story.sim.serving, "blind", False),
}


def attempt(story: Story, act: Callable[[Story], object]) -> None:
    """Do it; what is refused or fails is part of life."""
    with suppress(GovernanceError, StoreFault, Conflict, KeyError):
        act(story)


def race(story: Story, act: Callable[[Story], object]) -> None:
    """Run the newest request while another process does `act` before the first write."""
    desk = replace(story.desk, ledger=Racing(story, act))
    attempt(story, lambda story: run(desk, story.site, newest(story), CONFIGURATION, actor=TRAINER))


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(sorted(ACTS))), min_size=4, max_size=14))
def test_whatever_happens_approvals_are_used_once_and_the_audit_passes(steps: list[tuple[bool, str]]) -> None:
    """After any interleaving: the history folds, every promotion is allowed, each request served at most once."""
    story = Story()
    for act in ("ask", "risk says yes", "validator says yes"):
        attempt(story, ACTS[act])
    for racing, act in steps:
        (race if racing else attempt)(story, ACTS[act])
    story.sim.ledger.faults.ahead.clear()
    catalog = story.sim.check()
    found = audit(story.sim.ledger.entries(), story.sim.blobs)
    succeeded = Counter(item.request for item in found if item.outcome == "succeeded")
    assert all(count == 1 for count in succeeded.values())
    assert not any(person == TRAINER for item in found for _, person in item.quorum)
    deployment = catalog.deployments.get(f"deployment/{TARGET}")
    serving = story.sim.serving.at.get(TARGET)
    if serving is not None and serving.model == SUBJECT:
        assert deployment is not None and deployment.intents


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.sampled_from(sorted(ACTS)), max_size=8))
def test_whatever_happened_asking_twice_writes_once(steps: list[str]) -> None:
    """Law 7 in any state: the second of two checks in a row writes nothing and answers the same."""
    story = Story()
    for act in steps:
        attempt(story, ACTS[act])
    story.sim.ledger.faults.ahead.clear()
    first = check(story.desk, story.question(), actor=TRAINER)
    size = len(story.sim.ledger.rows)
    assert check(story.desk, story.question(), actor=TRAINER) == first
    assert len(story.sim.ledger.rows) == size
