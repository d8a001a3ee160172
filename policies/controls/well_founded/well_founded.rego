# METADATA
# title: Facts can be judged
# description: |
#   The input is of the version these policies were written for, and every part the controls read is there and of the
#   right shape. What is not is an error of the input, which blocks and is never reported as a denial.
# related_resources:
#   - description: NIST SP 800-207, Zero Trust Architecture
#     ref: https://doi.org/10.6028/NIST.SP.800-207
# custom:
#   control_id: ZT-5
#   severity: C
package qayd.controls.well_founded

import data.qayd.lib.facts
import data.qayd.lib.finding
import data.qayd.lib.times

control := "ZT-5"

findings contains finding.errored(control, {
	"field": part,
	"detail": "absent or malformed",
}) if {
	some part in _parts
	not part in _sound
}

_parts := {
	"schema",
	"now",
	"subject",
	"locations",
	"datasets",
	"model",
	"thresholds",
	"evidence",
	"independence",
	"monitoring",
	"ledger",
}

_sound contains "schema" if facts.at(["schema"]) == "qayd/gate-input/v1"

_sound contains "now" if times.valid(facts.at(["now"]))

_sound contains "subject" if {
	facts.filled(facts.at(["subject", "name"]))
	facts.digest_like(facts.at(["subject", "digest"]))
	_subject_is_model
}

_sound contains "locations" if {
	is_array(facts.at(["locations"]))
	every location in facts.at(["locations"]) {
		_location(location)
	}
}

_sound contains "datasets" if {
	is_array(facts.at(["datasets"]))
	count(facts.at(["datasets"])) > 0
	every dataset in facts.at(["datasets"]) {
		facts.filled(dataset.subject)
		facts.digest_like(dataset.digest)
		_location(dataset.location)
		is_object(dataset.pii)
		is_object(dataset.provenance)
	}
}

_sound contains "model" if {
	facts.filled(facts.at(["model", "subject"]))
	facts.digest_like(facts.at(["model", "digest"]))
	is_boolean(facts.at(["model", "confirmed"]))
	is_object(facts.at(["model", "training"]))
}

_sound contains "model" if {
	facts.at(["model"]) == null
	input.gate in {"ingest", "train"}
}

_sound contains "thresholds" if facts.at(["thresholds", "state"]) in {"registered", "missing"}

_sound contains "evidence" if {
	every kind in ["performance", "fairness", "drift"] {
		facts.at(["evidence", kind, "state"]) in {"measured", "declared", "missing"}
	}
}

_sound contains "independence" if {
	is_array(facts.at(["independence", "makers"]))
	is_array(facts.at(["independence", "unresolved"]))
	is_array(facts.at(["independence", "eligible"]))
	every slot in facts.at(["independence", "eligible"]) {
		facts.filled(slot.role)
	}
}

_sound contains "monitoring" if facts.at(["monitoring"]) == null

_sound contains "monitoring" if facts.at(["monitoring", "state"]) in {"live", "suspended", "unknown"}

_sound contains "ledger" if facts.at(["ledger", "state"]) in {"verified", "unverified"}

_subject_is_model if facts.at(["subject", "kind"]) in {"dataset", "deployment"}

_subject_is_model if {
	facts.at(["subject", "kind"]) == "model"
	facts.at(["subject", "digest"]) == facts.at(["model", "digest"])
}

_location(location) if {
	every member in ["use", "provider", "realm", "region"] {
		facts.filled(location[member])
	}
}
