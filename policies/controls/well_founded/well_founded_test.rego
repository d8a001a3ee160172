package qayd.controls.well_founded_test

import data.qayd.controls.well_founded
import data.qayd.lib.fixtures_test as fixtures

test_passes_at_every_gate if {
	every facts in [fixtures.good, fixtures.at_train, fixtures.at_register, fixtures.live] {
		count(well_founded.findings) == 0 with input as facts
	}
}

test_each_part_must_be_there if {
	every part in [
		"schema",
		"now",
		"subject",
		"locations",
		"datasets",
		"model",
		"thresholds",
		"evidence",
		"independence",
		"ledger",
	] {
		absent := well_founded.findings with input as fixtures.without(part)
		{"kind": "errored", "field": part} in fixtures.briefly(absent)
		mistyped := well_founded.findings with input as object.union(fixtures.without(part), {part: "text"})
		{"kind": "errored", "field": part} in fixtures.briefly(mistyped)
	}
}

test_what_is_inside_must_have_its_shape if {
	every facts in [
		fixtures.but({"datasets": [fixtures.dataset, "dataset/other@1"]}),
		fixtures.but({"datasets": []}),
		fixtures.data_but({"digest": "sha256:short"}),
		fixtures.data_but({"location": {"region": ""}}),
		fixtures.but({"locations": [{"use": "storage"}]}),
		fixtures.but({"evidence": {"drift": {"state": "good"}}}),
		fixtures.but({"independence": {"eligible": [3]}}),
		fixtures.but({"subject": {"digest": fixtures.digest("f")}}),
		fixtures.but({"model": null}),
		fixtures.but({"monitoring": {"state": "asleep"}}),
	] {
		count(well_founded.findings) > 0 with input as facts
	}
}

test_no_model_is_fine_where_there_is_none_yet if {
	count(well_founded.findings) == 0 with input as object.union(fixtures.at_train, {"gate": "ingest"})
}
