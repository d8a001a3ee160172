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

test_an_object_is_no_list if {
	every facts in [
		object.union(fixtures.without("locations"), {"locations": {"a": fixtures.location("storage")}}),
		object.union(fixtures.without("datasets"), {"datasets": {"a": fixtures.dataset}}),
		fixtures.but({"independence": {"makers": "p-maker001"}}),
		fixtures.but({"independence": {"unresolved": "robot"}}),
		object.union(fixtures.without("independence/eligible"), {"independence": {"eligible": {"a": {"role": "validator"}}}}),
	] {
		count(well_founded.findings) == 1 with input as facts
	}
}

test_names_digests_and_flags_have_their_shape if {
	every facts in [
		fixtures.but({"subject": {"name": ""}}),
		object.union(fixtures.live, {"subject": {"digest": "sha256:B"}}),
		fixtures.but({"model": {"subject": ""}}),
		object.union(fixtures.live, {"model": {"digest": "sha256:B"}}),
		fixtures.but({"model": {"confirmed": "yes"}}),
		object.union(fixtures.without("model/training"), {"model": {"training": []}}),
		object.union(fixtures.at_train, {"model": {}}),
		fixtures.but({"subject": {"kind": "run"}}),
	] {
		count(well_founded.findings) == 1 with input as facts
	}
}
