package qayd.controls.ledger_verified_test

import data.qayd.controls.ledger_verified
import data.qayd.lib.fixtures_test as fixtures

ledger(facts) := fixtures.but({"ledger": facts})

test_passes_when_just_verified if {
	count(ledger_verified.findings) == 0 with input as fixtures.good
}

test_unverified_is_missing if {
	every state in ["unverified", null, true] {
		found := ledger_verified.findings with input as ledger({"state": state})
		fixtures.briefly(found) == fixtures.one("missing", "ledger.state")
	}
}

test_a_day_and_no_moment_more if {
	count(ledger_verified.findings) == 0 with input as ledger({"verified_at": "2026-11-22T12:00:00.000000Z"})
	found := ledger_verified.findings with input as ledger({"verified_at": "2026-11-22T11:59:59.999999Z"})
	fixtures.briefly(found) == fixtures.one("stale", "ledger.verified_at")
	{finding.limit | some finding in found} == {"24 hours"}
}

test_a_time_that_cannot_be_is_an_error if {
	every at in ["2026-11-23T12:00:00.000001Z", "yesterday", null, "2026-11-31T12:00:00.000000Z"] {
		found := ledger_verified.findings with input as ledger({"verified_at": at})
		fixtures.briefly(found) == fixtures.one("errored", "ledger.verified_at")
	}
}

test_a_checkpoint_beyond_the_end_is_refused if {
	count(ledger_verified.findings) == 0 with input as ledger({"checkpoint_size": 40})
	every size in [41, null, "38", -1] {
		found := ledger_verified.findings with input as ledger({"checkpoint_size": size})
		fixtures.briefly(found) == fixtures.one("violated", "ledger.checkpoint_size")
	}
}

test_no_ledger_never_passes if {
	count(ledger_verified.findings) > 0 with input as fixtures.without("ledger")
}

test_without_an_age_nothing_passes if {
	found := ledger_verified.findings with input as fixtures.good with data.qayd.params.ledger as null
	{"kind": "errored", "field": "params.ledger.verify_max_age_hours"} in fixtures.briefly(found)
}

test_unverified_needs_no_time if {
	found := ledger_verified.findings with input as ledger({"state": "unverified", "verified_at": "never"})
	fixtures.briefly(found) == fixtures.one("missing", "ledger.state")
}

test_an_empty_or_unknown_size_is_refused if {
	every facts in [{"size": 0, "checkpoint_size": 0}, {"size": "40"}, {"size": 40.5}] {
		found := ledger_verified.findings with input as ledger(facts)
		fixtures.briefly(found) == fixtures.one("violated", "ledger.checkpoint_size")
	}
}
