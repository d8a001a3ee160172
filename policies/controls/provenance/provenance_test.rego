package qayd.controls.provenance_test

import data.qayd.controls.provenance
import data.qayd.lib.fixtures_test as fixtures

test_passes_at_every_gate if {
	every facts in [fixtures.good, fixtures.at_train, fixtures.at_register] {
		count(provenance.findings) == 0 with input as facts
	}
}

test_an_unknown_root_is_refused if {
	every known in [false, null, "true"] {
		found := provenance.findings with input as fixtures.data_but({"provenance": {"root_known": known}})
		fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.provenance.root_known")
	}
}

test_source_and_licence_must_be_there if {
	every member in ["source", "licence"] {
		found := provenance.findings with input as fixtures.data_but({"provenance": {member: ""}})
		fixtures.briefly(found) == fixtures.one("missing", concat("", ["datasets.dataset/credit@2.provenance.", member]))
	}
}

test_a_training_outside_the_gate_is_refused if {
	every fact in ["gated", "succeeded", "artifact_matches"] {
		every value in [false, null, "true"] {
			found := provenance.findings with input as fixtures.but({"model": {"training": {fact: value}}})
			fixtures.briefly(found) == fixtures.one("violated", concat(".", ["model.training", fact]))
		}
	}
}

test_no_model_is_missing_where_one_is_asked_for if {
	found := provenance.findings with input as fixtures.but({"model": null})
	{"kind": "missing", "field": "model"} in fixtures.briefly(found)
}

test_no_data_set_is_missing if {
	found := provenance.findings with input as fixtures.but({"datasets": []})
	fixtures.briefly(found) == fixtures.one("missing", "datasets")
}
