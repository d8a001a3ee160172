package qayd.main_test

import data.qayd.lib.fixtures_test as fixtures
import data.qayd.main

test_good_facts_leave_only_people_to_ask if {
	{finding.control | some finding in main.findings} == {"ZT-2"} with input as fixtures.good
}

test_good_facts_pass_where_nobody_is_asked if {
	every facts in [fixtures.at_train, fixtures.at_register, fixtures.live] {
		count(main.findings) == 0 with input as facts
	}
}

test_an_unknown_gate_is_an_error if {
	every gate in ["produktion", "", null, 3, ["train"]] {
		found := main.findings with input as fixtures.but({"gate": gate})
		fixtures.briefly(found) == fixtures.one("errored", "gate")
	}
	nothing := main.findings with input as {}
	fixtures.briefly(nothing) == fixtures.one("errored", "gate")
}

test_a_gate_without_controls_is_an_error if {
	found := main.findings with input as fixtures.good with data.qayd.gates as {"production": []}
	fixtures.briefly(found) == fixtures.one("errored", "gate")
}

test_a_control_that_is_not_there_is_an_error if {
	found := main.findings with input as fixtures.good with data.qayd.gates as {"production": ["NEW-1"]}
	{{"control": "NEW-1", "kind": "errored"}} == {{"control": finding.control, "kind": finding.kind} |
		some finding in found
	}
}

test_a_gate_that_is_no_list_is_an_error if {
	found := main.findings with input as fixtures.good with data.qayd.gates as {"production": {"a": "ZT-2"}}
	{"kind": "errored", "field": "gate"} in fixtures.briefly(found)
}
