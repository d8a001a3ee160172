package qayd.controls.fairness_test

import data.qayd.controls.fairness
import data.qayd.lib.fixtures_test as fixtures

by_sex(facts) := fixtures.evidence_but("fairness", {"values": {"attributes": [object.union(fixtures.sex, facts)]}})

parity(value) := by_sex({"parity_difference": value})

field := "evidence.fairness.values.sex.parity_difference"

test_passes_below_the_limit if {
	count(fairness.findings) == 0 with input as fixtures.good
}

test_at_the_limit_and_a_step_either_side if {
	every value in ["0.1", "0.10", "0.100000", "0.099999", "0", "0.0000000000000000555112"] {
		count(fairness.findings) == 0 with input as parity(value)
	}
	every value in ["0.100001", "0.1000000000000001", "0.11", "1", "1.5"] {
		found := fairness.findings with input as parity(value)
		fixtures.briefly(found) == fixtures.one("violated", field)
	}
}

test_the_finding_explains_itself if {
	found := fairness.findings with input as by_sex({"parity_difference": "0.197312", "interval": ["0.12149", "0.27"]})
	found == {{
		"control": "CB-AI-F",
		"kind": "violated",
		"field": field,
		"value": "0.197",
		"limit": "0.100",
		"evidence": "fairness",
		"next": "",
		"passes": "at 0.100 or below",
		"detail": "n = 690 / 310, 95% 0.121 to 0.270",
		"requires": [],
	}}
}

test_a_value_just_over_the_limit_is_not_rounded_onto_it if {
	found := fairness.findings with input as parity("0.100312")
	{finding.value | some finding in found} == {"0.100312"}
}

test_each_attribute_is_judged if {
	age := object.union(fixtures.sex, {"attribute": "age_group", "parity_difference": "0.127"})
	found := fairness.findings with input as fixtures.evidence_but("fairness", {"values": {"attributes": [fixtures.sex, age]}})
	fixtures.briefly(found) == fixtures.one("violated", "evidence.fairness.values.age_group.parity_difference")
}

test_too_few_people_is_missing if {
	found := fairness.findings with input as by_sex({"decidable": false, "parity_difference": "0"})
	fixtures.briefly(found) == fixtures.one("missing", field)
	{finding.detail | some finding in found} == {"too few people to decide: n = 690 / 310, 95% 0.010 to 0.091"}
}

test_no_attribute_is_missing if {
	found := fairness.findings with input as fixtures.evidence_but("fairness", {"values": {"attributes": []}})
	fixtures.briefly(found) == fixtures.one("missing", "evidence.fairness.values.attributes")
}

test_an_attribute_that_cannot_be_read_is_an_error if {
	every facts in [
		{"parity_difference": "-0.2"},
		{"parity_difference": "low"},
		{"parity_difference": 0.05},
		{"parity_difference": null},
		{"decidable": "yes"},
		{"attribute": 3},
	] {
		found := fairness.findings with input as by_sex(facts)
		fixtures.briefly(found) == fixtures.one("errored", "evidence.fairness.values.attributes")
	}
}

test_absent_declared_foreign_and_malformed_evidence_never_passes if {
	missing := fixtures.one("missing", "evidence.fairness")
	every facts in [{"state": "missing"}, {"state": "declared"}, {"digest": fixtures.digest("f")}] {
		found := fairness.findings with input as fixtures.evidence_but("fairness", facts)
		fixtures.briefly(found) == missing
	}
	broken := fairness.findings with input as fixtures.evidence_but("fairness", {"values": []})
	fixtures.briefly(broken) == fixtures.one("errored", "evidence.fairness")
	gone := fairness.findings with input as fixtures.without("evidence")
	fixtures.briefly(gone) == fixtures.one("errored", "evidence.fairness")
}

test_old_evidence_is_stale if {
	found := fairness.findings with input as fixtures.but({"now": "2027-11-22T12:00:00.000001Z"})
	fixtures.briefly(found) == fixtures.one("stale", "evidence.fairness")
	{finding.limit | some finding in found} == {"365 days"}
}

test_evidence_on_data_of_no_known_kind_is_missing if {
	found := fairness.findings with input as fixtures.evidence_but("fairness", {"data_digest": fixtures.digest("f")})
	fixtures.briefly(found) == fixtures.one("missing", "evidence.fairness.data_digest")
	registered := object.union(
		fixtures.evidence_but("fairness", {"data_digest": fixtures.digest("f")}),
		{"thresholds": {"data_digest": fixtures.digest("f")}},
	)
	count(fairness.findings) == 0 with input as registered
}

test_an_earlier_failure_stays if {
	found := fairness.findings with input as fixtures.evidence_but("fairness", {"differing": 2})
	fixtures.briefly(found) == fixtures.one("violated", "evidence.fairness.differing")
}

test_only_a_confirmed_classification_frees if {
	nobody := object.union(parity("0.5"), {"model": {"decides_on_people": false}})
	count(fairness.findings) == 0 with input as nobody
	count(fairness.findings) == 1 with input as object.union(nobody, {"model": {"confirmed": false}})
	count(fairness.findings) == 1 with input as object.union(parity("0.5"), {"model": {"decides_on_people": null}})
}

test_without_a_limit_nothing_passes if {
	every limit in [null, "", "-0.1", 0.1, "ten"] {
		found := fairness.findings with input as fixtures.good with data.qayd.params.parity_difference_limit as limit
		fixtures.briefly(found) == fixtures.one("errored", "params.parity_difference_limit")
	}
	unset := fairness.findings with input as fixtures.good with data.qayd.params.freshness_days as null
	{"kind": "errored", "field": "params.freshness_days.fairness"} in fixtures.briefly(unset)
}

test_what_decides_on_nobody_needs_no_evidence if {
	nobody := {"model": {"decides_on_people": false}}
	count(fairness.findings) == 0 with input as object.union(fixtures.evidence_but("fairness", {"state": "missing"}), nobody)
	count(fairness.findings) == 0 with input as object.union(fixtures.evidence_but("fairness", {"differing": 1}), nobody)
}

test_what_cannot_be_decided_is_not_refused if {
	found := fairness.findings with input as by_sex({"decidable": false, "parity_difference": "0.5"})
	fixtures.briefly(found) == fixtures.one("missing", field)
}

test_only_registered_thresholds_name_data if {
	other := {"data_digest": fixtures.digest("f")}
	unregistered := object.union(fixtures.evidence_but("fairness", other), {"thresholds": object.union(other, {"state": "missing"})})
	found := fairness.findings with input as unregistered
	fixtures.briefly(found) == fixtures.one("missing", "evidence.fairness.data_digest")
}

test_without_an_interval_the_sizes_are_told if {
	every interval in [["0.1", "high"], ["low", "0.1"], ["0.1"], "wide"] {
		found := fairness.findings with input as by_sex({"parity_difference": "0.5", "interval": interval})
		{finding.detail | some finding in found} == {"n = 690 / 310"}
	}
}
