package qayd.controls.residency_test

import data.qayd.controls.residency
import data.qayd.lib.fixtures_test as fixtures

elsewhere := {"use": "storage", "provider": "aws", "realm": "aws", "region": "me-south-1"}

test_passes_in_the_uae if {
	count(residency.findings) == 0 with input as fixtures.good
}

test_data_abroad_is_refused if {
	found := residency.findings with input as fixtures.data_but({"location": elsewhere})
	fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.location")
	{finding.value | some finding in found} == {"aws/aws/me-south-1"}
	{finding.detail | some finding in found} == {"the region lies in BH"}
}

test_serving_abroad_is_refused if {
	found := residency.findings with input as fixtures.but({"locations": [object.union(elsewhere, {"use": "serving"})]})
	fixtures.briefly(found) == fixtures.one("violated", "locations.serving")
}

# The same region name is Dubai's neighbour with one provider and Riyadh with another.
test_a_region_name_alone_decides_nothing if {
	place := {"use": "storage", "realm": "public", "region": "me-central-1"}
	riyadh := object.union(place, {"provider": "alibaba"})
	uae := object.union(place, {"provider": "aws", "realm": "aws"})
	count(residency.findings) == 1 with input as fixtures.data_but({"location": riyadh})
	count(residency.findings) == 0 with input as fixtures.data_but({"location": uae})
}

test_an_unknown_place_counts_as_outside if {
	unknown := object.union(elsewhere, {"region": "mars-1"})
	found := residency.findings with input as fixtures.data_but({"location": unknown})
	{finding.detail | some finding in found} == {"a place not in the table counts as outside"}
}

test_absent_location_is_refused if {
	bare := json.remove(fixtures.dataset, ["location"])
	count(residency.findings) == 1 with input as fixtures.but({"datasets": [bare]})
}

test_malformed_location_is_refused if {
	count(residency.findings) == 1 with input as fixtures.data_but({"location": "uaenorth"})
}

# A mistyped label frees nothing: every label that is not known to free, binds.
test_any_other_label_binds if {
	every labels in [["Health"], ["banking", "synthetic"], [], ["non_personal"]] {
		count(residency.findings) == 1 with input as fixtures.data_but({"location": elsewhere, "labels": labels})
	}
}

test_a_label_frees_only_with_a_scan if {
	freed := {"location": elsewhere, "labels": ["synthetic"]}
	count(residency.findings) == 0 with input as fixtures.data_but(freed)
	unscanned := residency.findings with input as fixtures.data_but(object.union(freed, {"pii": {"state": "missing"}}))
	fixtures.briefly(unscanned) == fixtures.one("missing", "datasets.dataset/credit@2.pii")
	dirty := residency.findings with input as fixtures.data_but(object.union(freed, {"pii": {"identified_columns": 1}}))
	fixtures.briefly(dirty) == fixtures.one("violated", "datasets.dataset/credit@2.location")
}

test_production_must_say_where_it_serves if {
	found := residency.findings with input as fixtures.but({"locations": [fixtures.location("storage")]})
	fixtures.briefly(found) == fixtures.one("missing", "locations.serving")
}

test_a_gate_without_a_table_is_an_error if {
	found := residency.findings with input as fixtures.but({"gate": "elsewhere"})
	fixtures.briefly(found) == fixtures.one("errored", "residency")
}

test_provider_realm_and_region_must_all_match if {
	every place in [
		{"provider": "gcp", "realm": "public", "region": "uaenorth"},
		{"provider": "azure", "realm": "government", "region": "uaenorth"},
		{"provider": "azure", "realm": "public", "region": "uaesouth"},
	] {
		found := residency.findings with input as fixtures.data_but({"location": place})
		{finding.detail | some finding in found} == {"a place not in the table counts as outside"}
	}
}

test_an_unscanned_label_does_no_harm_inside if {
	count(residency.findings) == 0 with input as fixtures.data_but({"labels": ["synthetic"], "pii": {"state": "missing"}})
}

test_unscanned_and_unlabelled_is_refused_abroad if {
	found := residency.findings with input as fixtures.data_but({"location": elsewhere, "pii": {"state": "missing"}})
	fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.location")
}

test_what_holds_no_person_may_serve_abroad if {
	serving := {"locations": [object.union(elsewhere, {"use": "serving"})]}
	free := object.union(fixtures.data_but({"labels": ["synthetic"]}), serving)
	count(residency.findings) == 0 with input as free
	nothing := object.union(serving, {"datasets": []})
	count(residency.findings) == 1 with input as fixtures.but(nothing)
}

test_without_its_tables_it_is_an_error if {
	places := residency.findings with input as fixtures.good with data.qayd.residency.places as []
	{"kind": "errored", "field": "residency"} in fixtures.briefly(places)
	country := residency.findings with input as fixtures.good with data.qayd.residency.country as ""
	{"kind": "errored", "field": "residency"} in fixtures.briefly(country)
	labels := residency.findings with input as fixtures.good with data.qayd.params.non_personal as null
	{"kind": "errored", "field": "residency"} in fixtures.briefly(labels)
}
