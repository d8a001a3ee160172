# METADATA
# title: The gates
# description: |
#   Given a gate's input, collects the findings of the controls that data.json lists for the gate. A gate that is not
#   listed, and a control that cannot be evaluated, is an errored finding: nothing undefined passes.
package qayd.main

import data.qayd.lib.finding

# METADATA
# entrypoint: true
# description: All findings at `input.gate`; an empty set lets the subject through.
findings contains found if {
	some id in data.qayd.gates[input.gate]
	some found in data.qayd.controls[data.qayd.packages[id]].findings
}

findings contains finding.errored(id, {
	"field": "gate",
	"detail": "the control is listed for this gate but cannot be evaluated",
}) if {
	some id in data.qayd.gates[input.gate]
	not _answers(id)
}

findings contains finding.errored("ZT-5", {
	"field": "gate",
	"detail": "no such gate is defined, or it names no control",
}) if {
	not _known
}

_answers(id) if is_set(data.qayd.controls[data.qayd.packages[id]].findings)

_known if {
	is_array(data.qayd.gates[input.gate])
	count(data.qayd.gates[input.gate]) > 0
}
