package qayd.controls.performance_test

import data.qayd.controls.performance
import data.qayd.lib.fixtures_test as fixtures

accuracy(value) := fixtures.evidence_but("performance", {"values": {"metrics": {"accuracy": value}}})

field := "evidence.performance.values.metrics.accuracy"

test_passes_above_the_threshold if {
	count(performance.findings) == 0 with input as fixtures.good
}

test_at_the_threshold_and_a_step_either_side if {
	count(performance.findings) == 0 with input as accuracy("0.75")
	count(performance.findings) == 0 with input as accuracy("0.750001")
	found := performance.findings with input as accuracy("0.749999")
	fixtures.briefly(found) == fixtures.one("violated", field)
	{finding.value | some finding in found} == {"0.749999"}
	{finding.limit | some finding in found} == {"0.750"}
	{finding.passes | some finding in found} == {"at 0.750 or above"}
}

test_a_maximum_binds_from_above if {
	bound := {"thresholds": {"items": [{"metric": "accuracy", "bound": "max", "value": "0.8"}]}}
	count(performance.findings) == 0 with input as fixtures.but(bound)
	found := performance.findings with input as object.union(accuracy("0.81"), bound)
	{finding.passes | some finding in found} == {"at 0.800 or below"}
}

test_absent_evidence_is_missing if {
	found := performance.findings with input as fixtures.evidence_but("performance", {"state": "missing"})
	fixtures.briefly(found) == fixtures.one("missing", "evidence.performance")
	{finding.next | some finding in found} == {"qayd evidence measure performance model/credit@3"}
}

test_declared_evidence_is_missing if {
	found := performance.findings with input as fixtures.evidence_but("performance", {"state": "declared"})
	fixtures.briefly(found) == fixtures.one("missing", "evidence.performance")
	{finding.detail | some finding in found} == {"declared, not measured"}
}

test_evidence_of_another_digest_is_missing if {
	found := performance.findings with input as fixtures.evidence_but("performance", {"digest": fixtures.digest("f")})
	fixtures.briefly(found) == fixtures.one("missing", "evidence.performance")
}

test_a_year_and_no_moment_more if {
	count(performance.findings) == 0 with input as fixtures.but({"now": "2027-11-22T12:00:00.000000Z"})
	found := performance.findings with input as fixtures.but({"now": "2027-11-22T12:00:00.000001Z"})
	fixtures.briefly(found) == fixtures.one("stale", "evidence.performance")
}

# An old failure is still a failure.
test_stale_and_bad_is_both if {
	found := performance.findings with input as object.union(accuracy("0.5"), {"now": "2028-11-22T12:00:00.000000Z"})
	{finding.kind | some finding in found} == {"stale", "violated"}
}

test_malformed_evidence_is_an_error if {
	every broken in [
		fixtures.evidence_but("performance", {"values": "none"}),
		fixtures.evidence_but("performance", {"recorded_at": "2026-02-30T00:00:00.000000Z"}),
		fixtures.evidence_but("performance", {"recorded_at": "2026-11-24T12:00:00.000000Z"}),
		fixtures.evidence_but("performance", {"digest": "sha256:short"}),
		fixtures.without("evidence/performance/state"),
		fixtures.without("now"),
	] {
		found := performance.findings with input as broken
		fixtures.briefly(found) == fixtures.one("errored", "evidence.performance")
	}
}

test_a_malformed_metric_is_an_error_and_an_absent_one_missing if {
	every value in [0.772, "0.772.1", ".772", "1e-3", true] {
		found := performance.findings with input as accuracy(value)
		fixtures.briefly(found) == fixtures.one("errored", field)
	}
	absent := performance.findings with input as fixtures.without("evidence/performance/values/metrics/accuracy")
	fixtures.briefly(absent) == fixtures.one("missing", field)
}

test_no_thresholds_is_missing if {
	every facts in [
		fixtures.but({"thresholds": {"state": "missing"}}),
		fixtures.but({"thresholds": {"items": []}}),
		fixtures.without("thresholds"),
	] {
		found := performance.findings with input as facts
		fixtures.briefly(found) == fixtures.one("missing", "thresholds")
	}
}

test_thresholds_come_first_by_the_order_of_the_ledger if {
	every facts in [
		fixtures.but({"thresholds": {"before_training": false}}),
		fixtures.but({"thresholds": {"index": 20}}),
		fixtures.but({"thresholds": {"index": 21}}),
		fixtures.without("thresholds/index"),
		fixtures.without("model/training/started_index"),
	] {
		found := performance.findings with input as facts
		fixtures.briefly(found) == fixtures.one("violated", "thresholds.before_training")
	}
	count(performance.findings) == 0 with input as fixtures.but({"thresholds": {"index": 19}})
}

test_measured_another_way_than_registered_is_missing if {
	every member, other in {
		"method": "holdout/v1",
		"seed": 8,
		"folds": 5,
		"data_digest": fixtures.digest("f"),
	} {
		found := performance.findings with input as fixtures.evidence_but("performance", {member: other})
		fixtures.briefly(found) == fixtures.one("missing", concat(".", ["evidence.performance", member]))
		absent := performance.findings with input as fixtures.without(concat("/", ["thresholds", member]))
		fixtures.briefly(absent) == fixtures.one("missing", concat(".", ["evidence.performance", member]))
	}
}

test_an_earlier_failure_stays if {
	every differing in [1, null, "0"] {
		found := performance.findings with input as fixtures.evidence_but("performance", {"differing": differing})
		fixtures.briefly(found) == fixtures.one("violated", "evidence.performance.differing")
	}
}

test_a_threshold_that_cannot_be_read_is_an_error if {
	every item in [{"metric": "accuracy", "bound": "near", "value": "0.7"}, {"metric": "accuracy", "bound": "min"}, "all"] {
		found := performance.findings with input as fixtures.but({"thresholds": {"items": array.concat(
			fixtures.good.thresholds.items,
			[item],
		)}})
		fixtures.briefly(found) == fixtures.one("errored", "thresholds.items")
	}
}

test_what_neither_says_is_not_the_same if {
	every member in ["method", "seed", "folds", "data_digest"] {
		neither := json.remove(fixtures.good, [
			concat("/", ["thresholds", member]),
			concat("/", ["evidence/performance", member]),
		])
		count(performance.findings) > 0 with input as neither
	}
}

test_evidence_that_does_not_count_is_not_compared if {
	other := {"state": "missing", "seed": 8, "values": {"metrics": {"accuracy": "0.1"}}}
	found := performance.findings with input as fixtures.evidence_but("performance", other)
	fixtures.briefly(found) == fixtures.one("missing", "evidence.performance")
}

test_malformed_digest_of_the_data_is_an_error if {
	found := performance.findings with input as fixtures.evidence_but("performance", {"data_digest": "sha256:d"})
	fixtures.briefly(found) == fixtures.one("errored", "evidence.performance")
}
