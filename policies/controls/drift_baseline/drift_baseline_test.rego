package qayd.controls.drift_baseline_test

import data.qayd.controls.drift_baseline
import data.qayd.lib.fixtures_test as fixtures

watched(facts) := object.union(fixtures.live, {"monitoring": facts})

test_passes_with_a_baseline if {
	count(drift_baseline.findings) == 0 with input as fixtures.good
	count(drift_baseline.findings) == 0 with input as fixtures.live
}

test_no_baseline_is_missing if {
	found := drift_baseline.findings with input as fixtures.evidence_but("drift", {"state": "missing"})
	fixtures.briefly(found) == fixtures.one("missing", "evidence.drift")
	{finding.next | some finding in found} == {"qayd evidence measure drift model/credit@3"}
}

test_a_declared_or_foreign_baseline_is_missing if {
	every facts in [{"state": "declared"}, {"digest": fixtures.digest("f")}] {
		found := drift_baseline.findings with input as fixtures.evidence_but("drift", facts)
		fixtures.briefly(found) == fixtures.one("missing", "evidence.drift")
	}
}

test_half_a_year_and_no_moment_more if {
	count(drift_baseline.findings) == 0 with input as fixtures.but({"now": "2027-05-21T12:00:00.000000Z"})
	found := drift_baseline.findings with input as fixtures.but({"now": "2027-05-21T12:00:00.000001Z"})
	fixtures.briefly(found) == fixtures.one("stale", "evidence.drift")
}

test_a_baseline_without_columns_is_missing if {
	found := drift_baseline.findings with input as fixtures.evidence_but("drift", {"values": {"columns": []}})
	fixtures.briefly(found) == fixtures.one("missing", "evidence.drift.values.columns")
}

test_a_malformed_column_is_an_error if {
	every column in [{"column": "amount"}, {"column": "", "limit": "0.1"}, {"column": "amount", "limit": 0.1}, "amount"] {
		found := drift_baseline.findings with input as fixtures.evidence_but("drift", {"values": {"columns": [column]}})
		fixtures.briefly(found) == fixtures.one("errored", "evidence.drift.values.columns")
	}
}

test_k_windows_and_a_step_either_side if {
	count(drift_baseline.findings) == 0 with input as watched({"breaches": 1})
	every breaches in [2, 3] {
		found := drift_baseline.findings with input as watched({"breaches": breaches})
		fixtures.briefly(found) == fixtures.one("violated", "monitoring.breaches")
		{finding.passes | some finding in found} == {"at fewer than 2 of the last 3 windows"}
	}
}

test_what_is_suspended_does_not_pass if {
	every state in ["suspended", "unknown", null] {
		found := drift_baseline.findings with input as watched({"state": state})
		fixtures.briefly(found) == fixtures.one("violated", "monitoring.state")
		{finding.next | some finding in found} == {"qayd deployment resume retail --cause latest"}
	}
}

test_unwatched_is_missing_in_production_only if {
	every facts in [{"windows": null}, {"breaches": "0"}, {"breaches": -1}, {"windows": 0}] {
		found := drift_baseline.findings with input as watched(facts)
		fixtures.briefly(found) == fixtures.one("missing", "monitoring")
	}
	nothing := drift_baseline.findings with input as object.union(fixtures.live, {"monitoring": null})
	{"kind": "missing", "field": "monitoring"} in fixtures.briefly(nothing)
	count(drift_baseline.findings) == 0 with input as fixtures.but({"monitoring": null})
}

test_freshly_deployed_passes if {
	count(drift_baseline.findings) == 0 with input as watched({"windows": 0, "breaches": 0})
}

test_without_k_and_n_nothing_passes if {
	every drift in [null, {"k": 0, "n": 3}, {"k": 4, "n": 3}, {"k": "2", "n": 3}] {
		found := drift_baseline.findings with input as fixtures.good with data.qayd.params.drift as drift
		{"kind": "errored", "field": "params.drift"} in fixtures.briefly(found)
	}
}

test_an_earlier_failure_stays if {
	found := drift_baseline.findings with input as fixtures.evidence_but("drift", {"differing": 1})
	fixtures.briefly(found) == fixtures.one("violated", "evidence.drift.differing")
}

test_a_baseline_that_does_not_count_is_not_looked_into if {
	broken := {"state": "missing", "values": {"columns": ["amount"]}}
	found := drift_baseline.findings with input as fixtures.evidence_but("drift", broken)
	fixtures.briefly(found) == fixtures.one("missing", "evidence.drift")
	empty := drift_baseline.findings with input as fixtures.evidence_but("drift", {"state": "missing", "values": {}})
	fixtures.briefly(empty) == fixtures.one("missing", "evidence.drift")
}
