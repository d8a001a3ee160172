# METADATA
# title: Independent people can judge it
# description: |
#   Everybody who made the model is known, each account leads to a person, and for every role the gate asks for there are
#   enough people who made nothing of it.
# related_resources:
#   - description: CBUAE Model Management Standards (Notice 5052/2022)
#     ref: https://rulebook.centralbank.ae/en/entiresection/4901
# custom:
#   control_id: CB-MMS
#   severity: C
package qayd.controls.independence

import data.qayd.lib.approvals
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "CB-MMS"

findings contains finding.violated(control, {
	"field": concat(".", ["independence.eligible", slot.role]),
	"value": facts.text(_available(slot.role)),
	"limit": facts.text(slot.count),
	"next": concat(" ", ["qayd person add NAME --key FILE.pub --role", slot.role]),
	"passes": concat(" ", ["at", facts.text(slot.count), "or more"]),
	"detail": "too few people with this role made nothing of the model",
}) if {
	some slot in approvals.required
	not _enough(slot)
}

findings contains finding.violated(control, {
	"field": "independence.feasible",
	"value": facts.text(facts.at(["independence", "feasible"])),
	"limit": "true",
	"next": "qayd person add NAME --key FILE.pub --role ROLE",
	"passes": "when distinct people who made nothing of it can fill all roles",
	"detail": "the people there are cannot fill all roles at once",
}) if {
	not facts.at(["independence", "feasible"]) == true
}

findings contains finding.violated(control, {
	"field": "independence.unresolved",
	"value": concat(", ", [facts.text(account) | some account in facts.array_at(["independence", "unresolved"])]),
	"limit": "none",
	"next": "qayd person add NAME --key FILE.pub --role ROLE",
	"passes": "when each account belongs to an enrolled person",
	"detail": "makers who lead to no person",
}) if {
	count(facts.array_at(["independence", "unresolved"])) > 0
}

findings contains finding.missing(control, {
	"field": "independence.makers",
	"passes": "when the trainer is known",
	"detail": "nobody is known to have made it",
}) if {
	not _made
}

findings contains finding.errored(control, {
	"field": "approvals",
	"detail": "no matrix of approvals is set for this gate",
}) if {
	count(approvals.required) == 0
}

_made if {
	count(facts.array_at(["independence", "makers"])) > 0
	every maker in facts.array_at(["independence", "makers"]) {
		facts.filled(maker)
	}
}

_available(role) := max(array.concat([0], [slot.available |
	some slot in facts.objects(["independence", "eligible"])
	slot.role == role
	facts.count_like(slot.available)
]))

_enough(slot) if _available(slot.role) >= slot.count
