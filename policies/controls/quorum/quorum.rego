# METADATA
# title: People decide together
# description: |
#   Going to production is for people to approve: who and how many, by the gate and the model's tier. A tier that is
#   unknown or not confirmed counts as the strictest. The kernel verifies the approvals and counts them.
# related_resources:
#   - description: NIST SP 800-207, Zero Trust Architecture
#     ref: https://doi.org/10.6028/NIST.SP.800-207
#   - description: AICPA Trust Services Criteria, CC8.1
#     ref: https://www.aicpa-cima.com
# custom:
#   control_id: ZT-2
#   severity: M
package qayd.controls.quorum

import data.qayd.lib.approvals
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "ZT-2"

findings contains finding.violated(control, {
	"field": "approvals",
	"value": "0",
	"limit": approvals.words,
	"next": concat(" ", array.concat(["qayd promotion request", facts.model], _target)),
	"passes": concat(" ", ["when approved by", approvals.words]),
	"detail": concat(" ", ["people who made nothing of it; tier", approvals.tier]),
	"requires": approvals.required,
}) if {
	count(approvals.required) > 0
}

findings contains finding.errored(control, {
	"field": "approvals",
	"detail": "no matrix of approvals is set for this gate",
}) if {
	count(approvals.required) == 0
}

_target := ["--target", input.target, "--config FILE"] if facts.filled(facts.at(["target"]))

_target := ["--target NAME --config FILE"] if not facts.filled(facts.at(["target"]))
