# METADATA
# title: Evidence
# description: |
#   Whether evidence counts: measured by Qayd on this digest, well formed, and young enough. Declared evidence, evidence
#   of another digest and no evidence are missing; old evidence is stale; what cannot be read is errored.
package qayd.lib.evidence

import data.qayd.lib.facts
import data.qayd.lib.finding
import data.qayd.lib.times

# What there is of a kind about the model: good, stale, foreign, declared, absent or malformed.
condition(kind) := "good" if {
	_well_formed(kind)
	_ours(kind)
	_fresh(kind)
}

else := "stale" if {
	_well_formed(kind)
	_ours(kind)
}

else := "foreign" if {
	_well_formed(kind)
	facts.digest_like(facts.at(["model", "digest"]))
}

else := "declared" if {
	facts.at(["evidence", kind, "state"]) == "declared"
}

else := "absent" if {
	facts.at(["evidence", kind, "state"]) == "missing"
}

else := "malformed"

# Its values can be judged, whether or not it is too old: an old failure is still one.
judged(kind) if condition(kind) in {"good", "stale"}

# What stands in the way of judging evidence of a kind, as findings of a control.
gaps(control, kind) := {gap |
	some gap in [
		_stale(control, kind),
		_absent(control, kind),
		_malformed(control, kind),
		_unset(control, kind),
	][_]
}

# One more measuring run with another result, which failed: choosing among runs is no measurement.
shopped(control, kind) := {found |
	judged(kind)
	not facts.at(["evidence", kind, "differing"]) == 0
	found := finding.violated(control, {
		"field": concat(".", ["evidence", kind, "differing"]),
		"value": facts.text(facts.at(["evidence", kind, "differing"])),
		"limit": "0",
		"evidence": kind,
		"passes": "when no earlier measurement with another result failed",
		"detail": "an earlier measurement of the same data by the same method failed",
	})
}

command(kind) := concat(" ", ["qayd evidence measure", kind, facts.model])

_well_formed(kind) if {
	evidence := input.evidence[kind]
	evidence.state == "measured"
	facts.digest_like(evidence.digest)
	facts.digest_like(evidence.data_digest)
	is_object(evidence.values)
	times.past(evidence.recorded_at, input.now)
}

_ours(kind) if {
	facts.digest_like(input.evidence[kind].digest)
	input.evidence[kind].digest == input.model.digest
}

_fresh(kind) if times.within(input.evidence[kind].recorded_at, input.now, data.qayd.params.freshness_days[kind] * 24)

_days(kind) := facts.parameter(["freshness_days", kind])

_stale(control, kind) := {finding.stale(control, {
	"field": concat(".", ["evidence", kind]),
	"limit": concat(" ", [facts.text(_days(kind)), "days"]),
	"evidence": kind,
	"next": command(kind),
	"passes": "when measured again",
}) |
	condition(kind) == "stale"
}

_absent(control, kind) := {finding.missing(control, {
	"field": concat(".", ["evidence", kind]),
	"evidence": kind,
	"next": command(kind),
	"passes": "when measured by Qayd on this digest",
	"detail": _reasons[condition(kind)],
}) |
	condition(kind) in object.keys(_reasons)
}

_malformed(control, kind) := {finding.errored(control, {
	"field": concat(".", ["evidence", kind]),
	"evidence": kind,
	"next": command(kind),
	"detail": "the evidence cannot be read",
}) |
	condition(kind) == "malformed"
}

_unset(control, kind) := {finding.errored(control, {
	"field": concat(".", ["params.freshness_days", kind]),
	"detail": "the parameter is not set",
}) |
	not is_number(_days(kind))
}

_reasons := {
	"absent": "",
	"declared": "declared, not measured",
	"foreign": "measured on another digest",
}
