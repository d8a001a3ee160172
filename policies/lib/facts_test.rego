package qayd.lib.facts_test

import data.qayd.lib.facts
import data.qayd.lib.fixtures_test as fixtures

test_values_as_text if {
	facts.text("a") == "a"
	facts.text(12) == "12"
	facts.text(-3) == "-3"
	facts.text(2.5) == "fraction"
	facts.text(true) == "true"
	facts.text(false) == "false"
	facts.text(null) == "null"
	facts.text(["secret"]) == "array"
	facts.text({"secret": 1}) == "object"
}

test_counts_and_digests if {
	facts.count_like(0)
	every value in [-1, 0.5, "1", null, [], true] {
		not facts.count_like(value)
	}
	facts.digest_like(fixtures.digest("a"))
	every value in [fixtures.digest("A"), "sha256:", 3, null] {
		not facts.digest_like(value)
	}
}

test_a_path_that_leads_nowhere_is_null if {
	facts.at(["model", "digest", "x"]) == null with input as fixtures.good
	facts.at(["nothing"]) == null with input as fixtures.good
	facts.of("text", "key") == null
	facts.array_at(["model"]) == [] with input as fixtures.good
	count(facts.objects(["datasets"])) == 1 with input as fixtures.good
}

test_names_for_commands if {
	facts.line == "credit" with input as fixtures.good
	facts.deployment == "retail" with input as fixtures.live
	facts.model == "MODEL" with input as fixtures.at_train
	facts.subject == "SUBJECT" with input as {}
}
