# METADATA
# title: Drift is watched
# description: |
#   Before production there is a measured baseline that later data is compared with. In production the deployment is
#   watched, is not suspended, and fewer than k of its last n windows have drifted.
# related_resources:
#   - description: ISO/IEC 42001:2023, Annex A, A.6.2.6
#     ref: https://www.iso.org/standard/81230.html
# custom:
#   control_id: MON-BASE
#   severity: H
package qayd.controls.drift_baseline

import data.qayd.lib.decimal
import data.qayd.lib.evidence
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "MON-BASE"

findings contains gap if some gap in evidence.gaps(control, "drift")

findings contains found if some found in evidence.shopped(control, "drift")

findings contains finding.missing(control, {
	"field": "evidence.drift.values.columns",
	"evidence": "drift",
	"next": evidence.command("drift"),
	"passes": "when at least one column has a limit",
	"detail": "the baseline covers no column",
}) if {
	evidence.judged("drift")
	count(facts.array_at(["evidence", "drift", "values", "columns"])) == 0
}

findings contains finding.errored(control, {
	"field": "evidence.drift.values.columns",
	"evidence": "drift",
	"detail": "a column's limit cannot be read",
}) if {
	evidence.judged("drift")
	some column in facts.array_at(["evidence", "drift", "values", "columns"])
	not _readable(column)
}

findings contains finding.missing(control, {
	"field": "monitoring",
	"next": concat(" ", ["qayd monitor check", facts.deployment, "--window FILE"]),
	"passes": "when it is monitored",
	"detail": "nothing is known of its monitoring",
}) if {
	_in_production
	not _watched
}

findings contains finding.violated(control, {
	"field": "monitoring.breaches",
	"value": facts.text(facts.at(["monitoring", "breaches"])),
	"limit": concat(" of ", [facts.text(_k), facts.text(_n)]),
	"passes": concat("", ["at fewer than ", facts.text(_k), " of the last ", facts.text(_n), " windows"]),
	"detail": "the data has drifted from the baseline",
}) if {
	_in_production
	_watched
	not _calm
}

findings contains finding.violated(control, {
	"field": "monitoring.state",
	"value": facts.text(facts.at(["monitoring", "state"])),
	"limit": "live",
	"next": concat(" ", ["qayd deployment resume", facts.deployment, "--cause latest"]),
	"passes": "when resumed by a request that cites the cause",
	"detail": "the deployment does not serve the version asked about",
}) if {
	_in_production
	not facts.at(["monitoring", "state"]) == "live"
}

findings contains finding.errored(control, {
	"field": "params.drift",
	"detail": "how many windows make a breach is not set",
}) if {
	not _configured
}

_in_production if facts.at(["gate"]) == "in_production"

_watched if {
	facts.count_like(facts.at(["monitoring", "windows"]))
	facts.count_like(facts.at(["monitoring", "breaches"]))
	input.monitoring.breaches <= input.monitoring.windows
}

_calm if {
	is_number(_k)
	input.monitoring.breaches < _k
}

_readable(column) if {
	facts.filled(column.column)
	decimal.valid(column.limit)
}

_configured if {
	facts.count_like(_k)
	facts.count_like(_n)
	_k > 0
	_k <= _n
}

_k := facts.parameter(["drift", "k"])

_n := facts.parameter(["drift", "n"])
