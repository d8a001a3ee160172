"""Law 1: nothing that gets worse, older or lost brings a subject nearer to being allowed."""

from __future__ import annotations

import fnmatch
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.policy.embedded_regorus import RegorusEngine
from governance.catalogue import Catalogue
from governance.decision import Outcome, decide
from governance.errors import PolicyFault
from tests.policies.inputs import Path, changed, good_inputs, places, removed

GOOD = good_inputs()
SEX: Path = ("evidence", "fairness", "values", "attributes", 0)
DATA: Path = ("datasets", 0)


def outcome(engine: RegorusEngine, document: dict[str, Any]) -> Outcome:
    """What the kernel makes of the policy's answer."""
    try:
        found = Catalogue.of(engine.bundle).join(document["gate"], engine.evaluate(document["gate"], document))
    except PolicyFault:
        return Outcome.FAULT
    return decide(found)


AGES = [f"{day}T12:00:00.000000Z" for day in ("2026-11-22", "2026-06-01", "2026-05-01", "2025-11-20", "2020-01-01")]
LADDERS: dict[Path, list[Any]] = {
    (*SEX, "parity_difference"): ["0", "0.05", "0.0999999", "0.1", "0.1000001", "0.5", "1"],
    ("evidence", "performance", "values", "metrics", "accuracy"): ["1", "0.76", "0.75", "0.7499999", "0.5", "0"],
    ("evidence", "fairness", "recorded_at"): AGES,
    ("evidence", "performance", "recorded_at"): AGES,
    ("evidence", "drift", "recorded_at"): AGES,
    ("evidence", "fairness", "differing"): [0, 1, 7],
    ("evidence", "performance", "differing"): [0, 1, 7],
    ("thresholds", "index"): [0, 12, 19, 20, 21, 400],
    ("thresholds", "before_training"): [True, False],
    ("model", "tier"): ["low", "medium", "high"],
    ("model", "confirmed"): [True, False],
    ("model", "training", "gated"): [True, False],
    ("model", "training", "succeeded"): [True, False],
    ("model", "training", "artifact_matches"): [True, False],
    (*DATA, "provenance", "root_known"): [True, False],
    (*DATA, "legal_basis"): ["contract", "legitimate-interests"],
    (*DATA, "location", "region"): ["uaenorth", "qatarcentral", "nowhere"],
    (*DATA, "pii", "identified_columns"): [0, 1, 9],
    (*DATA, "pii", "unclassified_columns"): [0, 1, 9],
    ("locations", 0, "region"): ["uaenorth", "qatarcentral", "nowhere"],
    ("independence", "feasible"): [True, False],
    ("independence", "unresolved"): [[], ["robot"], ["robot", "ghost"]],
    ("independence", "eligible", 0, "available"): [9, 1, 0],
    ("monitoring", "breaches"): [0, 1, 2, 3],
    ("monitoring", "state"): ["live", "suspended"],
    ("ledger", "verified_at"): ["2026-11-23T12:00:00.000000Z", *AGES],
    ("ledger", "checkpoint_size"): [0, 40, 41, 99],
}
"""Facts from best to worst; each step down may only make the outcome worse or leave it."""


def has(document: dict[str, Any], path: Path) -> bool:
    """Whether the gate's input has such a fact at all."""
    return path in set(places(document))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, Any], Path, int]:
    """Facts in any state, one of them, and how far down its ladder it stands, not yet at the end."""
    document = GOOD[draw(st.sampled_from(sorted(GOOD)))]
    ladders = [path for path in LADDERS if has(document, path)]
    for path in draw(st.lists(st.sampled_from(ladders), max_size=3, unique=True)):
        document = changed(document, path, draw(st.sampled_from(LADDERS[path])))
    path = draw(st.sampled_from(ladders))
    return document, path, draw(st.integers(0, len(LADDERS[path]) - 2))


@pytest.mark.slow
def test_a_worse_fact_never_helps(regorus: RegorusEngine) -> None:
    """From any state of the other facts, one step down any ladder leaves the outcome or makes it worse."""

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(worlds())
    def never_helps(world: tuple[dict[str, Any], Path, int]) -> None:
        document, path, step = world
        better, worse = LADDERS[path][step], LADDERS[path][step + 1]
        before, after = (
            outcome(regorus, changed(document, path, better)),
            outcome(regorus, changed(document, path, worse)),
        )
        assert after.rank <= before.rank, (path, better, worse)

    never_helps()


def related(one: Path, other: Path) -> bool:
    """Whether two facts are judged together: parts of one measurement, one data set, one deployment."""
    return one != other and (one[:2] == other[:2] or {one[0], other[0]} == {"evidence", "thresholds"})


@pytest.mark.slow
@pytest.mark.parametrize("gate", ["train", "production", "in_production"])
def test_a_fact_beside_a_bad_one_never_helps_by_getting_worse(regorus: RegorusEngine, gate: str) -> None:
    """With a related fact at its worst, each step down each ladder: an old failure, for one, is still a failure."""
    ladders = [path for path in LADDERS if has(GOOD[gate], path)]
    for bad in ladders:
        document = changed(GOOD[gate], bad, LADDERS[bad][-1])
        for path in (path for path in ladders if related(bad, path)):
            ranks = [outcome(regorus, changed(document, path, value)).rank for value in LADDERS[path]]
            assert ranks == sorted(ranks, reverse=True), (bad, path)


LOSSES: dict[Path, list[Any]] = {
    ("evidence", "fairness", "state"): ["missing", "declared"],
    ("evidence", "performance", "state"): ["missing", "declared"],
    ("evidence", "drift", "state"): ["missing", "declared"],
    ("evidence", "fairness", "digest"): [f"sha256:{'f' * 64}"],
    ("evidence", "performance", "digest"): [f"sha256:{'f' * 64}"],
    ("evidence", "performance", "seed"): [8],
    ("evidence", "performance", "folds"): [5],
    (*SEX, "decidable"): [False],
    ("evidence", "fairness", "values", "attributes"): [[]],
    ("thresholds", "state"): ["missing"],
    (*DATA, "pii", "state"): ["missing"],
    ("ledger", "state"): ["unverified"],
    ("monitoring",): [None],
}
"""Facts that are lost: what was good is then not known to be."""


@pytest.mark.parametrize("gate", sorted(GOOD))
@pytest.mark.parametrize("path", list(LOSSES), ids=lambda path: ".".join(map(str, path)))
def test_a_lost_fact_never_passes_for_a_good_one(regorus: RegorusEngine, gate: str, path: Path) -> None:
    """Missing, declared, about something else or undecidable is never better than measured and good."""
    good = GOOD[gate]
    for value in LOSSES[path] if has(good, path) else []:
        assert outcome(regorus, changed(good, path, value)).rank <= outcome(regorus, good).rank


ALWAYS = """
    schema now subject subject.* datasets datasets.0 datasets.0.subject datasets.0.digest datasets.0.location
    datasets.0.location.* datasets.0.pii datasets.0.provenance locations locations.?.* thresholds thresholds.state
    evidence evidence.fairness evidence.performance evidence.drift evidence.*.state independence ledger ledger.*
"""
MODEL = "model model.subject model.digest model.confirmed model.training"
MEASURED = """
    thresholds.* evidence.*.digest evidence.*.data_digest evidence.*.recorded_at evidence.*.differing evidence.*.values
    evidence.performance.method evidence.performance.seed evidence.performance.folds
    evidence.performance.values.metrics evidence.performance.values.metrics.accuracy
    evidence.fairness.values.attributes evidence.fairness.values.attributes.0
    evidence.fairness.values.attributes.0.attribute evidence.fairness.values.attributes.0.decidable
    evidence.fairness.values.attributes.0.parity_difference
    evidence.drift.values.columns evidence.drift.values.columns.0 evidence.drift.values.columns.0.column
    evidence.drift.values.columns.0.limit model.training.started_index locations.1
"""
ORIGIN = "datasets.0.provenance.*"
TRAINED = "model.training.gated model.training.succeeded model.training.artifact_matches"
JUDGED = {
    "ingest": f"{ALWAYS} datasets.0.legal_basis",
    "train": f"{ALWAYS} {ORIGIN} datasets.0.legal_basis datasets.0.pii.state datasets.0.pii.*_columns",
    "register": f"{ALWAYS} {MODEL} {ORIGIN} {TRAINED} model.tier model.decides_on_people",
    "production": f"{ALWAYS} {MODEL} {ORIGIN} {TRAINED} {MEASURED} independence.feasible independence.makers "
    "independence.unresolved independence.eligible independence.eligible.? independence.eligible.?.role "
    "independence.eligible.?.available",
    "in_production": f"{ALWAYS} {MODEL} {MEASURED} monitoring monitoring.*",
}
"""By gate, the facts its controls judge; `*` stands for any one name or more."""


@pytest.mark.slow
@pytest.mark.parametrize("gate", sorted(GOOD))
def test_a_fact_that_is_gone_or_mistyped_never_passes(regorus: RegorusEngine, gate: str) -> None:
    """Each fact the controls of a gate judge, absent, null or of another type, blocks."""
    named = {".".join(map(str, path)): path for path in places(GOOD[gate])}
    passing = []
    for pattern in JUDGED[gate].split():
        matched = fnmatch.filter(named, pattern)
        assert matched, pattern
        for path in (named[name] for name in matched):
            spoilt = (removed(GOOD[gate], path), changed(GOOD[gate], path, None), changed(GOOD[gate], path, [{}]))
            passing += [path for document in spoilt if outcome(regorus, document) in {Outcome.ALLOW, Outcome.PENDING}]
    assert passing == []
