package qayd.controls.independence_test

import data.qayd.controls.independence
import data.qayd.lib.fixtures_test as fixtures

people(facts) := fixtures.but({"independence": facts})

slots(risk, validator) := [
	{"role": "risk-officer", "count": 1, "available": risk},
	{"role": "validator", "count": 1, "available": validator},
]

test_passes_with_enough_people if {
	count(independence.findings) == 0 with input as people({"eligible": slots(1, 1)})
}

test_nobody_for_a_role_is_refused if {
	every available in [0, null, "1", -1] {
		found := independence.findings with input as people({"eligible": slots(1, available)})
		fixtures.briefly(found) == fixtures.one("violated", "independence.eligible.validator")
		{finding.value | some finding in found} == {"0"}
	}
}

test_a_role_not_counted_is_refused if {
	found := independence.findings with input as people({"eligible": array.slice(slots(1, 1), 0, 1)})
	fixtures.briefly(found) == fixtures.one("violated", "independence.eligible.validator")
}

test_roles_that_cannot_be_filled_at_once_are_refused if {
	every feasible in [false, null, "true"] {
		found := independence.findings with input as people({"feasible": feasible})
		fixtures.briefly(found) == fixtures.one("violated", "independence.feasible")
	}
}

test_an_account_that_leads_to_nobody_is_refused if {
	found := independence.findings with input as people({"unresolved": ["ci-robot"]})
	fixtures.briefly(found) == fixtures.one("violated", "independence.unresolved")
	{finding.value | some finding in found} == {"ci-robot"}
}

test_no_maker_is_missing if {
	every makers in [[], null, [{}], ["p-maker001", ""]] {
		found := independence.findings with input as people({"makers": makers})
		fixtures.briefly(found) == fixtures.one("missing", "independence.makers")
	}
}

test_an_unconfirmed_tier_asks_for_the_strictest if {
	low := {"tier": "low", "confirmed": true}
	one := {"eligible": array.slice(slots(1, 0), 0, 1)}
	count(independence.findings) == 0 with input as object.union(people(one), {"model": low})
	unconfirmed := object.union(people(one), {"model": object.union(low, {"confirmed": false})})
	count(independence.findings) == 1 with input as unconfirmed
}

test_nothing_known_is_refused if {
	found := independence.findings with input as fixtures.without("independence")
	{"violated", "missing"} == {finding.kind | some finding in found}
}

test_a_gate_without_a_matrix_is_an_error if {
	found := independence.findings with input as fixtures.good with data.qayd.approvals as {}
	fixtures.briefly(found) == fixtures.one("errored", "approvals")
}
