package qayd.controls.quorum_test

import data.qayd.controls.quorum
import data.qayd.lib.fixtures_test as fixtures

both := [{"role": "risk-officer", "count": 1}, {"role": "validator", "count": 1}]

asked(facts) := requires if {
	found := quorum.findings with input as facts
	some requires in {finding.requires | some finding in found}
}

test_people_are_always_asked if {
	quorum.findings == {{
		"control": "ZT-2",
		"kind": "violated",
		"field": "approvals",
		"value": "0",
		"limit": "1 risk-officer and 1 validator",
		"evidence": "",
		"next": "qayd promotion request model/credit@3 --target retail --config FILE",
		"passes": "when approved by 1 risk-officer and 1 validator",
		"detail": "people who made nothing of it; tier high",
		"requires": both,
	}} with input as fixtures.good
}

test_the_tier_says_how_many if {
	asked(fixtures.but({"model": {"tier": "low"}})) == [{"role": "risk-officer", "count": 1}]
	asked(fixtures.but({"model": {"tier": "high"}})) == both
}

test_any_other_tier_is_the_strictest if {
	every facts in [
		fixtures.but({"model": {"tier": "tiny"}}),
		fixtures.but({"model": {"tier": "low", "confirmed": false}}),
		fixtures.but({"model": {"tier": "low", "confirmed": "true"}}),
		fixtures.but({"model": null}),
		fixtures.without("model/tier"),
		fixtures.without("model"),
	] {
		asked(facts) == both
	}
}

test_a_matrix_that_is_not_set_or_asks_for_nobody_is_an_error if {
	every matrix in [{}, {"production": {"high": []}}, {"production": {"high": [{"role": "risk-officer", "count": 0}]}}] {
		found := quorum.findings with input as fixtures.good with data.qayd.approvals as matrix
		fixtures.briefly(found) == fixtures.one("errored", "approvals")
	}
}

test_a_matrix_of_another_shape_is_an_error if {
	matrix := {"production": {"high": {"a": {"role": "risk-officer", "count": 1}}}}
	found := quorum.findings with input as fixtures.good with data.qayd.approvals as matrix
	fixtures.briefly(found) == fixtures.one("errored", "approvals")
}
