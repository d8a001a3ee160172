# METADATA
# title: Classification is confirmed
# description: |
#   The tier of a model, and whether it decides on people, are set by its maker and count once somebody who made nothing
#   of it has confirmed them.
# related_resources:
#   - description: CBUAE guidance note on the use of AI and machine learning, section 2
#     ref: https://rulebook.centralbank.ae
# custom:
#   control_id: CLASS
#   severity: H
package qayd.controls.classification

import data.qayd.lib.facts
import data.qayd.lib.finding

control := "CLASS"

findings contains finding.missing(control, {
	"field": "model.confirmed",
	"value": facts.text(facts.at(["model", "confirmed"])),
	"limit": "true",
	"next": concat(" ", ["qayd model confirm", facts.model]),
	"passes": "when confirmed by somebody who made nothing of it",
	"detail": "until then the strictest classification holds",
}) if {
	not facts.at(["model", "confirmed"]) == true
}

findings contains finding.missing(control, {
	"field": "model.tier",
	"passes": "as one of: low, medium, high",
}) if {
	not facts.at(["model", "tier"]) in {"low", "medium", "high"}
}

findings contains finding.missing(control, {
	"field": "model.decides_on_people",
	"passes": "as true or false",
}) if {
	not is_boolean(facts.at(["model", "decides_on_people"]))
}
