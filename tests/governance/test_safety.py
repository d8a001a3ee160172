"""Safety first: stopping and going back act at once, and only to what was allowed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.configuration import Configuration
from governance.errors import InputError, NotPermitted, ToolFault
from governance.gate import check
from governance.ports import Placement
from governance.request import open_request
from governance.safety import rollback, stopped, suspend
from ledger.errors import IntegrityError, StoreFault
from tests.governance.story import DEPLOYMENT, MODEL, OFFICER, PLACE, SUBJECT, TARGET, TRAINER, Story
from tests.simulator import Fault

SECOND = "model/credit@2"


def stop(story: Story, **more: Any) -> Placement:
    return suspend(story.desk, story.sim.serving, TARGET, actor=OFFICER, **more).placement


def back(story: Story, **more: Any) -> Placement:
    return rollback(story.desk, story.sim.serving, TARGET, actor=OFFICER, **more).placement


def promoted(*, fallback: str | None = None) -> Story:
    """Two versions promoted, one after the other, the second with this fallback."""
    story = Story()
    story.promote()
    story.make(2)
    story.sim.serving.store[SECOND] = story.sim.catalog().models[SECOND].digest
    if fallback is None:
        story.promote(2)
        return story
    chosen = Configuration.of({**PLACE, "fallback": fallback})
    wish = replace(story.wish(version=2), question=story.question(chosen, 2))
    request = open_request(story.desk, wish, actor=TRAINER).request
    story.grant(request)
    assert story.run(request, chosen).answer == "succeeded"
    return story


def test_a_stop_moves_to_the_registered_fallback_at_once() -> None:
    """What the configuration registered serves, and the entry says so, with its cause and sealed reason."""
    story = Story()
    story.promote()
    placement = stop(story, cause="12", reason="customers complain")
    assert (placement.model, placement.digest) == ("human-queue", None)
    assert story.sim.serving.at[TARGET] == placement
    deployment = story.sim.check().deployments[DEPLOYMENT]
    assert deployment.suspension is not None
    assert (deployment.state, deployment.suspension.cause, deployment.suspension.serving) == (
        "suspended",
        "12",
        "human-queue",
    )
    assert b"customers" not in story.sim.ledger.rows[-1]


def test_a_stop_needs_no_ledger_that_can_be_read() -> None:
    """On a tampered ledger requests are refused from then on; nothing waits for the ledger to be mended."""
    story = Story()
    story.promote()
    story.sim.ledger.rows[2] = story.sim.ledger.rows[2].replace(b"natural", b"service")
    assert stop(story).model == "refusal"
    assert story.sim.serving.at[TARGET].model == "refusal"


def test_a_stop_that_cannot_be_recorded_is_told() -> None:
    """It is stopped all the same; the error asks for another try, which records it."""
    story = Story()
    story.promote()
    story.sim.ledger.faults.add(Fault.BEFORE)
    with pytest.raises(StoreFault):
        stop(story)
    assert story.sim.serving.at[TARGET].model == "human-queue"
    stop(story)
    assert story.sim.check().deployments[DEPLOYMENT].state == "suspended"


def test_a_stop_that_fails_is_not_recorded() -> None:
    """Where the serving system did not move, the ledger does not say it did."""
    story = Story()
    story.promote()
    story.sim.serving.faults.add(Fault.BEFORE)
    with pytest.raises(ToolFault):
        stop(story)
    assert story.sim.check().deployments[DEPLOYMENT].state == "live"


def test_what_was_never_promoted_cannot_be_stopped() -> None:
    """An entry about it would be one that cannot be."""
    with pytest.raises(NotPermitted, match="ever promoted"):
        stop(Story())
    with pytest.raises(InputError):
        suspend(Story().desk, Story().sim.serving, "no target", actor=OFFICER)


def test_a_fallback_may_be_a_model_that_was_allowed_here() -> None:
    """The version before serves, by its digest; if it was stopped itself, requests are refused."""
    story = promoted(fallback=SUBJECT)
    placement = stop(story)
    assert (placement.model, placement.digest) == (SUBJECT, MODEL)
    assert story.sim.check().deployments[DEPLOYMENT].suspension is not None


def test_a_fallback_that_was_never_allowed_here_is_not_used() -> None:
    """A label in a configuration does not put a model into service."""
    assert stop(promoted(fallback="model/other@1")).model == "refusal"


def test_a_fallback_that_was_stopped_is_not_used() -> None:
    """A model stopped here before does not come back as a fallback."""
    story = Story()
    story.promote()
    stop(story)
    story.make(2)
    story.sim.serving.store[SECOND] = story.sim.catalog().models[SECOND].digest
    chosen = Configuration.of({**PLACE, "fallback": SUBJECT})
    wish = story.wish(version=2)
    opened = open_request(story.desk, replace(wish, question=story.question(chosen, 2)), actor=TRAINER)
    story.grant(opened.request)
    assert story.run(opened.request, chosen).answer == "succeeded"
    assert stop(story).model == "refusal"


def test_going_back_goes_to_the_version_allowed_before() -> None:
    """At once, then recorded, under the configuration it was allowed with."""
    story = promoted()
    placement = back(story, reason="better before")
    assert (placement.model, placement.digest) == (SUBJECT, MODEL)
    deployment = story.sim.check().deployments[DEPLOYMENT]
    assert deployment.live is not None
    assert (deployment.live.subject, deployment.live.configuration) == (SUBJECT, placement.configuration)
    assert back(story, to=SECOND).model == SECOND


def test_nobody_goes_back_to_what_was_not_allowed_last() -> None:
    """Nothing live, nothing before, an unknown version, what is live now: each is refused, and nothing moves."""
    with pytest.raises(NotPermitted, match="ever live"):
        back(Story())
    story = Story()
    story.promote()
    for to in (None, SUBJECT, "model/other@1"):
        with pytest.raises(NotPermitted, match="allowed last"):
            back(story, to=to)
    assert story.sim.serving.at[TARGET].model == SUBJECT


def test_nobody_goes_back_to_what_was_stopped_or_denied_since() -> None:
    """A version that was stopped, or whose last decision for this target is a denial, does not come back."""
    story = promoted()
    story.measure("0.5")
    check(story.desk, story.question(), actor=TRAINER)
    with pytest.raises(NotPermitted):
        back(story)
    story = Story()
    story.promote()
    stop(story)
    with pytest.raises(NotPermitted):
        back(story)
    story.make(2)
    story.sim.serving.store[SECOND] = story.sim.catalog().models[SECOND].digest
    story.promote(2)
    assert stopped(story.sim.catalog().deployments[DEPLOYMENT]) == {(SUBJECT, MODEL)}
    with pytest.raises(NotPermitted):
        back(story)


def test_going_back_needs_a_ledger() -> None:
    """A way back is chosen from the record, so the record must be whole."""
    story = promoted()
    story.sim.ledger.rows[2] = story.sim.ledger.rows[2].replace(b"natural", b"service")
    with pytest.raises(IntegrityError):
        back(story)


def test_one_of_several_earlier_versions_may_be_named() -> None:
    """Without a name the newest that qualifies is taken; with one, that one. A fallback is found as far back."""
    story = promoted()
    story.make(3)
    story.sim.serving.store["model/credit@3"] = story.sim.catalog().models["model/credit@3"].digest
    chosen = Configuration.of({**PLACE, "fallback": SUBJECT})
    opened = open_request(story.desk, replace(story.wish(version=3), question=story.question(chosen, 3)), actor=TRAINER)
    story.grant(opened.request)
    assert story.run(opened.request, chosen).answer == "succeeded"
    assert back(story, to=SUBJECT).model == SUBJECT
    assert back(story).model == "model/credit@3"
    assert stop(story).model == SUBJECT


def test_a_stop_before_anything_was_live_refuses_requests() -> None:
    """After a first promotion that failed there is nothing to fall back from, and no version counts as stopped."""
    story = Story()
    request = story.open().request
    story.grant(request)
    story.sim.serving.faults.add(Fault.BEFORE)
    assert story.run(request).answer == "failed"
    assert stop(story).model == "refusal"
    assert stopped(story.sim.check().deployments[DEPLOYMENT]) == frozenset()
