# METADATA
# title: A legal basis for personal data
# description: |
#   Each data set names a ground on which the law lets personal data be processed. The UAE's data protection law knows
#   no legitimate interests. That there is no personal data is a ground only where a scan bears it out.
# related_resources:
#   - description: Federal Decree-Law 45 of 2021 on the protection of personal data
#     ref: https://uaelegislation.gov.ae/en/legislations/1972
# custom:
#   control_id: PDPL-04
#   severity: C
package qayd.controls.legal_basis

import data.qayd.lib.datasets
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "PDPL-04"

findings contains finding.violated(control, {
	"field": datasets.field(dataset, "legal_basis"),
	"value": facts.text(facts.of(dataset, "legal_basis")),
	"limit": "a ground of PDPL Art 4",
	"passes": concat(" ", ["as one of:", concat(", ", data.qayd.params.pdpl_bases)]),
}) if {
	some dataset in datasets.all
	not _grounded(dataset)
	not _unscanned(dataset)
}

findings contains finding.missing(control, {
	"field": datasets.field(dataset, "pii"),
	"next": datasets.scan_command(dataset),
	"passes": "when a scan finds no person in it",
	"detail": "registered as holding no personal data, but not scanned",
}) if {
	some dataset in datasets.all
	_unscanned(dataset)
}

findings contains finding.errored(control, {
	"field": "params.pdpl_bases",
	"detail": "the list of grounds is not set",
}) if {
	not _configured
}

_configured if {
	count(data.qayd.params.pdpl_bases) > 0
	facts.filled(data.qayd.params.non_personal.basis)
	is_array(data.qayd.params.non_personal.labels)
}

_grounded(dataset) if dataset.legal_basis in data.qayd.params.pdpl_bases

_grounded(dataset) if {
	_claimed(dataset)
	datasets.clean(dataset)
}

_unscanned(dataset) if {
	_claimed(dataset)
	not datasets.scanned(dataset)
}

_claimed(dataset) if {
	dataset.legal_basis == data.qayd.params.non_personal.basis
	datasets.claims_no_person(dataset)
}
