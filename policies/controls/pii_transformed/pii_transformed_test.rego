package qayd.controls.pii_transformed_test

import data.qayd.controls.pii_transformed
import data.qayd.lib.fixtures_test as fixtures

scan(facts) := object.union(fixtures.at_train, {"datasets": [object.union(fixtures.dataset, {"pii": facts})]})

test_passes_when_nothing_identifies if {
	count(pii_transformed.findings) == 0 with input as fixtures.at_train
}

test_one_identifying_column_is_refused if {
	found := pii_transformed.findings with input as scan({"identified_columns": 1})
	fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.pii.identified_columns")
	{finding.next | some finding in found} == {"qayd dataset anonymise dataset/credit@2 --out FILE"}
}

test_unclassified_text_is_refused if {
	found := pii_transformed.findings with input as scan({"unclassified_columns": 2})
	fixtures.briefly(found) == fixtures.one("violated", "datasets.dataset/credit@2.pii.unclassified_columns")
	{finding.value | some finding in found} == {"2"}
}

test_unscanned_is_missing if {
	found := pii_transformed.findings with input as scan({"state": "missing"})
	fixtures.briefly(found) == fixtures.one("missing", "datasets.dataset/credit@2.pii")
}

test_malformed_counts_are_missing if {
	every count_ in ["0", -1, 0.5, null] {
		found := pii_transformed.findings with input as scan({"identified_columns": count_})
		fixtures.briefly(found) == fixtures.one("missing", "datasets.dataset/credit@2.pii")
	}
}

# The raw data stands in the lineage of what was made of it, and is not what is trained on.
test_only_the_data_asked_about_counts if {
	raw := object.union(fixtures.dataset, {
		"subject": "dataset/credit@1",
		"digest": fixtures.digest("f"),
		"pii": {"identified_columns": 5},
	})
	both := object.union(fixtures.at_train, {"datasets": [fixtures.dataset, raw]})
	count(pii_transformed.findings) == 0 with input as both
	asked := object.union(both, {"subject": {"digest": fixtures.digest("f")}})
	count(pii_transformed.findings) == 1 with input as asked
}

test_another_digest_is_missing if {
	other := object.union(fixtures.at_train, {"subject": {"digest": fixtures.digest("f")}})
	found := pii_transformed.findings with input as other
	fixtures.briefly(found) == fixtures.one("missing", "datasets")
}
