"""Measured facts: the newest evidence counts, earlier failures stay, and content is re-read by digest."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from governance.evidence import Measurement
from governance.measured import select_windows
from ledger.errors import IntegrityError, Kind
from tests.bundles import Bundle, bundle_files
from tests.governance.bank import ACCURATE, DRIFT, FAIR, POOR, UNFAIR, Bank
from tests.world import digest_for


def test_evidence_is_reread_by_digest_and_counted() -> None:
    """The newest counts, with its values from the blob, the number of attempts, and its content in the binding."""
    bank = Bank()
    assert bank.fact() == {"state": "missing"}
    at = bank.measure(ACCURATE)
    fact = bank.fact()
    entry = bank.ledger.entries()[at]
    assert fact == {
        "state": "measured",
        "digest": bank.known(bank.made).digest,
        "content": entry.data["content"],
        "data_digest": digest_for("dataset/credit@1"),
        "method": "out-of-fold/v1",
        "seed": 7,
        "folds": 10,
        "recorded_at": entry.recorded_at,
        "n": 1000,
        "attempts": 1,
        "differing": 0,
        "values": ACCURATE,
    }
    bank.measure(FAIR, "fairness")
    facts = bank.gather("production", bank.made)
    assert facts.evidence_digests == tuple(sorted(item.content for item in facts.evidence))
    assert [item.kind for item in facts.evidence] == ["performance", "fairness"]


def test_the_same_result_renews_and_another_replaces() -> None:
    """Measuring again with the same result is the same evidence, only fresher; another result is other evidence."""
    bank = Bank()
    bank.measure(ACCURATE)
    first = bank.fact()
    bank.measure(ACCURATE)
    again = bank.fact()
    assert again["content"] == first["content"] and again["recorded_at"] > first["recorded_at"]
    assert (again["attempts"], again["differing"]) == (2, 0)
    bank.measure({"metrics": {"accuracy": "0.81"}})
    assert bank.fact()["content"] != first["content"]
    assert (bank.fact()["attempts"], bank.fact()["differing"]) == (3, 0)


@pytest.mark.parametrize(
    ("kind", "earlier", "newest", "differing"),
    [
        ("performance", [POOR], ACCURATE, 1),
        ("performance", [POOR, POOR], ACCURATE, 1),
        ("performance", [POOR, {"metrics": {"accuracy": "0.5"}}], ACCURATE, 2),
        ("performance", [{"metrics": {"accuracy": "0.70"}}], ACCURATE, 0),
        ("performance", [{"metrics": {}}], ACCURATE, 1),
        ("performance", [{"metrics": {"accuracy": "lots"}}], ACCURATE, 1),
        ("performance", [{}], ACCURATE, 1),
        ("performance", [POOR], POOR, 0),
        ("fairness", [UNFAIR], FAIR, 1),
        ("fairness", [{"attributes": [{"attribute": "sex", "parity_difference": "0.10"}]}], FAIR, 0),
        (
            "fairness",
            [{"attributes": [{"attribute": "sex", "parity_difference": "0.5", "decidable": False}]}],
            FAIR,
            0,
        ),
        ("fairness", [{"attributes": [{"attribute": "sex"}]}], FAIR, 1),
        ("fairness", [{"attributes": ["sex"]}], FAIR, 1),
        ("fairness", [{}], FAIR, 0),
        ("drift", [{"columns": []}], DRIFT, 0),
    ],
)
def test_there_is_no_shopping_for_results(kind: str, earlier: list[Any], newest: Any, differing: int) -> None:
    """An earlier failure with another result stays visible, each different one once, whatever came after."""
    bank = Bank()
    for values in [*earlier, newest]:
        bank.measure(values, kind)
    assert bank.fact(kind)["differing"] == differing
    assert bank.fact(kind)["attempts"] == len(earlier) + 1


def test_a_failure_counts_while_it_is_fresh_and_for_the_same_measurement() -> None:
    """An old failure fades after the freshness of its kind; one by another method or data was another measurement."""
    bank = Bank()
    bank.measure(POOR)
    bank.clock.advance(days=364)
    bank.measure(ACCURATE)
    assert bank.fact()["differing"] == 1
    bank.clock.advance(days=2)
    assert bank.fact()["differing"] == 0


def test_thresholds_bound_above_count_too() -> None:
    """A `max` threshold is missed by more, not by less."""
    bank = Bank()
    bank.thresholds(
        "risk", "dataset/credit@1", by=bank.trainer, items=[{"metric": "recall", "bound": "max", "value": "0.5"}]
    )
    run = bank.run("risk", "dataset/credit@1", by=bank.trainer)
    bank.made = bank.register("risk", run, by=bank.trainer, version=2)
    bank.measure({"metrics": {"recall": "0.51"}})
    bank.measure({"metrics": {"recall": "0.50"}})
    assert bank.fact()["differing"] == 1
    bank.measure({"metrics": {"recall": "0.49"}})
    assert bank.fact()["differing"] == 1


def test_declared_evidence_never_hides_or_replaces_measured() -> None:
    """Declared is told as such, and only where nothing was measured."""
    bank = Bank()
    bank.measure(ACCURATE, declared=True)
    assert (bank.fact()["state"], bank.fact()["attempts"], bank.fact()["differing"]) == ("declared", 0, 0)
    bank.measure(POOR)
    bank.measure(ACCURATE, declared=True)
    assert (bank.fact()["state"], bank.fact()["values"]) == ("measured", POOR)


def test_evidence_of_another_digest_is_missing() -> None:
    """Evidence counts for exactly the bytes it was measured on."""
    bank = Bank()
    bank.measure(ACCURATE, digest=digest_for("other bytes"))
    assert bank.fact() == {"state": "missing"}
    assert bank.gather("production", bank.made).evidence == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "fairness"}, "not what its entry says"),
        ({"method": "in-sample/v1"}, "not what its entry says"),
        ({"tool": "another@1"}, "not what its entry says"),
        ({"data_digest": digest_for("other")}, "not what its entry says"),
        ({"n": 10_000}, "not what its entry says"),
    ],
)
def test_an_entry_that_embellishes_its_evidence_is_an_integrity_failure(change: dict[str, Any], words: str) -> None:
    """What the entry says of the content must be what the content says."""
    bank = Bank()
    at = bank.measure(ACCURATE, **change)
    with pytest.raises(IntegrityError, match=words) as caught:
        bank.gather("production", bank.made)
    assert caught.value.index == at


def test_lost_altered_and_malformed_content_are_integrity_failures() -> None:
    """A blob that is gone, has other bytes, or is no measurement."""
    bank = Bank()
    at = bank.measure(ACCURATE)
    content = bank.ledger.entries()[at].data["content"]
    kept = bank.blobs.kept.pop(content)
    with pytest.raises(IntegrityError) as caught:
        bank.fact()
    assert caught.value.kind is Kind.LOST
    bank.blobs.kept[content] = kept.replace(b"0.80", b"0.99")
    with pytest.raises(IntegrityError) as caught:
        bank.fact()
    assert caught.value.kind is Kind.ALTERED
    bank.blobs.get = lambda name: kept.replace(b"0.80", b"0.99")  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match="do not have the digest"):
        bank.fact()
    other = Bank()
    other.measure(ACCURATE, content=other.blobs.put(b"not a measurement"))
    with pytest.raises(IntegrityError, match="not a measurement"):
        other.fact()


def test_a_window_whose_breach_cannot_be_read_is_a_breach() -> None:
    """What is not plainly no breach counts as one."""
    bank = Bank()
    deployment = bank.promote(bank.made, by=bank.trainer)
    bank.evidence(deployment, "drift-window", {}, by=bank.trainer)
    assert bank.gather("in_production", deployment).input["monitoring"]["breaches"] == 1


@pytest.mark.parametrize(
    "params", [{}, {"freshness_days": {}, "drift": {}}, {"freshness_days": {"performance": -1}, "drift": {"n": 0}}]
)
def test_missing_parameters_make_nothing_better(params: dict[str, Any]) -> None:
    """Without freshness every failure counts, without n every window does, without a limit nothing is fair."""
    bank = Bank()
    bundle = Bundle.of(bundle_files(params=json.dumps(params)))
    deployment = bank.promote(bank.made, by=bank.trainer)
    for breach in (True, True, True, True):
        bank.evidence(deployment, "drift-window", {"breach": breach}, by=bank.trainer)
    bank.measure(POOR)
    bank.clock.advance(days=5000)
    bank.measure(ACCURATE)
    bank.measure({**FAIR, "floor": 11}, "fairness")
    bank.measure(FAIR, "fairness")
    facts = bank.gather("in_production", deployment, bundle=bundle).input
    assert facts["monitoring"]["breaches"] == 4
    assert facts["evidence"]["performance"]["differing"] == 1
    assert facts["evidence"]["fairness"]["differing"] == 1


def test_a_method_without_folds_says_nothing_of_them() -> None:
    """Folds are told where the measurement has them, and left out where it has none."""
    bank = Bank()
    bank.measure(ACCURATE)
    whole = Measurement.decode(bank.blobs.get(bank.fact()["content"]))
    bank.measure(ACCURATE, content=bank.blobs.put(replace(whole, parameters=()).encode()))
    assert "folds" not in bank.fact() and bank.fact()["values"] == ACCURATE


def test_where_nothing_was_ever_live_nothing_is_monitored() -> None:
    """An intent that came to nothing leaves nothing to watch."""
    bank = Bank()
    bank.intend(bank.made, "production", bank.request(bank.made, by=bank.trainer), by=bank.trainer)
    assert select_windows(bank.catalog(), bank.blobs, bank.deployment(), bank.bundle) is None
