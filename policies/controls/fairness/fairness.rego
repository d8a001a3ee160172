# METADATA
# title: Outcomes do not depend on protected attributes
# description: |
#   For a model that decides on people, the difference in selection rate between the groups of each protected attribute
#   was measured on data of its own lineage, with enough people in each group, and stays within the limit.
# related_resources:
#   - description: CBUAE guidance note on the use of AI and machine learning, section 3
#     ref: https://rulebook.centralbank.ae
#   - description: Fairlearn, demographic parity difference
#     ref: https://fairlearn.org
# custom:
#   control_id: CB-AI-F
#   severity: C
package qayd.controls.fairness

import data.qayd.lib.decimal
import data.qayd.lib.evidence
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "CB-AI-F"

findings contains gap if {
	not _decides_on_nobody
	some gap in evidence.gaps(control, "fairness")
}

findings contains found if {
	not _decides_on_nobody
	some found in evidence.shopped(control, "fairness")
}

findings contains finding.violated(control, {
	"field": _field(attribute),
	"value": decimal.beside(attribute.parity_difference, _limit),
	"limit": decimal.limit(_limit),
	"evidence": "fairness",
	"passes": concat(" ", ["at", decimal.limit(_limit), "or below"]),
	"detail": _people(attribute),
}) if {
	some attribute in _measured
	attribute.decidable == true
	not decimal.at_most(attribute.parity_difference, _limit)
}

findings contains finding.missing(control, {
	"field": _field(attribute),
	"limit": decimal.limit(_limit),
	"evidence": "fairness",
	"next": evidence.command("fairness"),
	"passes": "when every group is large enough to decide",
	"detail": concat(": ", ["too few people to decide", _people(attribute)]),
}) if {
	some attribute in _measured
	attribute.decidable == false
}

findings contains finding.missing(control, {
	"field": "evidence.fairness.values.attributes",
	"evidence": "fairness",
	"next": evidence.command("fairness"),
	"passes": "when measured by at least one protected attribute",
	"detail": "no protected attribute was measured",
}) if {
	_applies
	count(_attributes) == 0
}

findings contains finding.missing(control, {
	"field": "evidence.fairness.data_digest",
	"value": facts.text(facts.at(["evidence", "fairness", "data_digest"])),
	"evidence": "fairness",
	"next": evidence.command("fairness"),
	"passes": "when measured on data of the model's lineage or on the registered data",
	"detail": "measured on other data",
}) if {
	_applies
	not _on_known_data
}

findings contains finding.errored(control, {
	"field": "evidence.fairness.values.attributes",
	"evidence": "fairness",
	"detail": "an attribute's measurement cannot be read",
}) if {
	_applies
	some attribute in _attributes
	not _readable(attribute)
}

findings contains finding.errored(control, {
	"field": "params.parity_difference_limit",
	"detail": "the limit is not set",
}) if {
	not _configured
}

_limit := facts.parameter(["parity_difference_limit"])

_configured if decimal.share(_limit)

# Only a confirmed classification frees a model from this control.
_decides_on_nobody if {
	facts.at(["model", "decides_on_people"]) == false
	facts.at(["model", "confirmed"]) == true
}

_applies if {
	not _decides_on_nobody
	evidence.judged("fairness")
}

_attributes := facts.array_at(["evidence", "fairness", "values", "attributes"])

_measured contains attribute if {
	_applies
	_configured
	some attribute in _attributes
	_readable(attribute)
}

_readable(attribute) if {
	facts.filled(attribute.attribute)
	is_boolean(attribute.decidable)
	decimal.share(attribute.parity_difference)
}

_on_known_data if input.evidence.fairness.data_digest in {dataset.digest | some dataset in facts.objects(["datasets"])}

_on_known_data if {
	input.thresholds.state == "registered"
	input.evidence.fairness.data_digest == input.thresholds.data_digest
}

_field(attribute) := concat(".", ["evidence.fairness.values", attribute.attribute, "parity_difference"])

# How many people stand behind it, and the interval where there is one.
_people(attribute) := concat(", ", array.concat([_sizes(attribute)], _interval(attribute)))

_sizes(attribute) := concat("", ["n = ", concat(" / ", [facts.text(facts.of(group, "n")) | some group in _groups(attribute)])])

_groups(attribute) := array.slice(facts.of(attribute, "groups"), 0, 12) if is_array(facts.of(attribute, "groups"))

_groups(attribute) := [] if not is_array(facts.of(attribute, "groups"))

_interval(attribute) := [concat("", ["95% ", decimal.rounded(attribute.interval[0]), " to ", decimal.rounded(attribute.interval[1])])] if {
	decimal.valid(attribute.interval[0])
	decimal.valid(attribute.interval[1])
}

else := []
