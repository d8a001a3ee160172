package qayd.controls.legal_basis_test

import data.qayd.controls.legal_basis
import data.qayd.lib.fixtures_test as fixtures

test_each_ground_of_the_law_passes if {
	every basis in data.qayd.params.pdpl_bases {
		count(legal_basis.findings) == 0 with input as fixtures.data_but({"legal_basis": basis})
	}
}

test_legitimate_interests_is_no_ground if {
	every basis in ["legitimate-interests", "legitimate_interests", "Contract", "none", 3, null] {
		found := legal_basis.findings with input as fixtures.data_but({"legal_basis": basis})
		fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.legal_basis")
	}
}

test_no_ground_at_all_is_refused if {
	bare := json.remove(fixtures.dataset, ["legal_basis"])
	count(legal_basis.findings) == 1 with input as fixtures.but({"datasets": [bare]})
}

test_every_data_set_needs_one if {
	other := object.union(fixtures.dataset, {"subject": "dataset/other@1", "legal_basis": "none"})
	count(legal_basis.findings) == 1 with input as fixtures.but({"datasets": [fixtures.dataset, other]})
}

claim := {"legal_basis": "not-personal", "labels": ["non-personal"]}

test_no_person_in_it_needs_a_clean_scan if {
	count(legal_basis.findings) == 0 with input as fixtures.data_but(claim)
	unscanned := legal_basis.findings with input as fixtures.data_but(object.union(claim, {"pii": {"state": "missing"}}))
	fixtures.briefly(unscanned) == fixtures.one("missing", "datasets.dataset/credit@2.pii")
	every pii in [{"identified_columns": 1}, {"unclassified_columns": 1}] {
		found := legal_basis.findings with input as fixtures.data_but(object.union(claim, {"pii": pii}))
		fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.legal_basis")
	}
}

test_no_person_in_it_needs_the_label_too if {
	found := legal_basis.findings with input as fixtures.data_but({"legal_basis": "not-personal"})
	fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.legal_basis")
}

test_without_a_list_of_grounds_nothing_passes if {
	found := legal_basis.findings with input as fixtures.good with data.qayd.params.pdpl_bases as []
	{"violated", "errored"} == {finding.kind | some finding in found}
}

test_the_scan_matters_only_to_those_who_claim_it if {
	unscanned := {"pii": {"state": "missing"}}
	count(legal_basis.findings) == 0 with input as fixtures.data_but(unscanned)
	found := legal_basis.findings with input as fixtures.data_but(object.union(unscanned, {"legal_basis": "none"}))
	fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.legal_basis")
	labelled := legal_basis.findings with input as fixtures.data_but(object.union(claim, {"legal_basis": "none"}))
	fixtures.briefly(labelled) == fixtures.one("violated", "datasets.dataset/credit@2.legal_basis")
}

test_a_scan_that_cannot_be_read_is_none if {
	every pii in [{"unclassified_columns": "0"}, {"identified_columns": null}] {
		found := legal_basis.findings with input as fixtures.data_but(object.union(claim, {"pii": pii}))
		fixtures.briefly(found) == fixtures.one("missing", "datasets.dataset/credit@2.pii")
	}
}

test_without_its_parameters_it_is_an_error if {
	basis := legal_basis.findings with input as fixtures.good with data.qayd.params.non_personal.basis as ""
	fixtures.briefly(basis) == fixtures.one("errored", "params.pdpl_bases")
	labels := legal_basis.findings with input as fixtures.good with data.qayd.params.non_personal.labels as "synthetic"
	fixtures.briefly(labels) == fixtures.one("errored", "params.pdpl_bases")
}
