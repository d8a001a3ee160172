# METADATA
# title: The ledger is verified
# description: |
#   The whole ledger was verified not long ago, so that every fact judged here is one that was written, and the last
#   signed checkpoint covers no more than there is.
# related_resources:
#   - description: RFC 6962, Certificate Transparency
#     ref: https://www.rfc-editor.org/rfc/rfc6962
# custom:
#   control_id: LOG-1
#   severity: C
package qayd.controls.ledger_verified

import data.qayd.lib.facts
import data.qayd.lib.finding
import data.qayd.lib.times

control := "LOG-1"

findings contains finding.missing(control, {
	"field": "ledger.state",
	"value": facts.text(facts.at(["ledger", "state"])),
	"limit": "verified",
	"next": "qayd ledger verify",
	"passes": "when verified",
}) if {
	not facts.at(["ledger", "state"]) == "verified"
}

findings contains finding.stale(control, {
	"field": "ledger.verified_at",
	"limit": concat(" ", [facts.text(_hours), "hours"]),
	"next": "qayd ledger verify",
	"passes": "when verified again",
}) if {
	_dated
	not _recent
}

findings contains finding.errored(control, {
	"field": "ledger.verified_at",
	"next": "qayd ledger verify",
	"detail": "when it was verified cannot be read, or lies in the future",
}) if {
	facts.at(["ledger", "state"]) == "verified"
	not _dated
}

findings contains finding.violated(control, {
	"field": "ledger.checkpoint_size",
	"value": facts.text(facts.at(["ledger", "checkpoint_size"])),
	"limit": facts.text(facts.at(["ledger", "size"])),
	"next": "qayd ledger verify",
	"passes": "at the ledger's size or below",
	"detail": "more entries were signed for than there are",
}) if {
	not _covered
}

findings contains finding.errored(control, {
	"field": "params.ledger.verify_max_age_hours",
	"detail": "the parameter is not set",
}) if {
	not is_number(_hours)
}

_hours := facts.parameter(["ledger", "verify_max_age_hours"])

_dated if times.past(facts.at(["ledger", "verified_at"]), facts.at(["now"]))

_recent if times.within(facts.at(["ledger", "verified_at"]), facts.at(["now"]), _hours)

_covered if {
	facts.count_like(facts.at(["ledger", "size"]))
	facts.count_like(facts.at(["ledger", "checkpoint_size"]))
	input.ledger.checkpoint_size <= input.ledger.size
	input.ledger.size > 0
}
