package qayd.controls.classification_test

import data.qayd.controls.classification
import data.qayd.lib.fixtures_test as fixtures

test_passes_when_confirmed if {
	count(classification.findings) == 0 with input as fixtures.at_register
}

test_unconfirmed_is_missing if {
	every confirmed in [false, null, "true"] {
		found := classification.findings with input as fixtures.but({"model": {"confirmed": confirmed}})
		fixtures.briefly(found) == fixtures.one("missing", "model.confirmed")
	}
}

test_an_unknown_tier_is_missing if {
	found := classification.findings with input as fixtures.but({"model": {"tier": "tiny"}})
	fixtures.briefly(found) == fixtures.one("missing", "model.tier")
}

test_unset_decides_on_people_is_missing if {
	found := classification.findings with input as fixtures.without("model/decides_on_people")
	fixtures.briefly(found) == fixtures.one("missing", "model.decides_on_people")
}

test_no_model_is_missing_altogether if {
	count(classification.findings) == 3 with input as fixtures.but({"model": null})
}
