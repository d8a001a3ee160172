# METADATA
# title: Identities are replaced before training
# description: |
#   The bytes a model is trained on were scanned for personal data, and no column in them identifies a person or is free
#   text nobody classified.
# related_resources:
#   - description: Federal Decree-Law 45 of 2021 on the protection of personal data
#     ref: https://uaelegislation.gov.ae/en/legislations/1972
# custom:
#   control_id: PDPL-07a
#   severity: H
package qayd.controls.pii_transformed

import data.qayd.lib.datasets
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "PDPL-07a"

findings contains finding.violated(control, {
	"field": datasets.field(dataset, concat("", ["pii.", measure])),
	"value": facts.text(facts.of(dataset.pii, measure)),
	"limit": "0",
	"evidence": "pii",
	"next": concat(" ", ["qayd dataset anonymise", datasets.name(dataset), "--out FILE"]),
	"passes": "at 0",
	"detail": _meaning[measure],
}) if {
	some dataset in _trained_on
	datasets.scanned(dataset)
	some measure in ["identified_columns", "unclassified_columns"]
	not dataset.pii[measure] == 0
}

findings contains finding.missing(control, {
	"field": datasets.field(dataset, "pii"),
	"evidence": "pii",
	"next": datasets.scan_command(dataset),
	"passes": "when scanned",
	"detail": "no scan of these bytes",
}) if {
	some dataset in _trained_on
	not datasets.scanned(dataset)
}

findings contains finding.missing(control, {
	"field": "datasets",
	"detail": "the data to train on is not among the facts",
}) if {
	count(_trained_on) == 0
}

# The data set asked about; for any other subject, all that stand in its lineage.
_trained_on contains dataset if {
	some dataset in datasets.all
	not facts.at(["subject", "kind"]) == "dataset"
}

_trained_on contains dataset if {
	some dataset in datasets.all
	facts.at(["subject", "kind"]) == "dataset"
	facts.of(dataset, "digest") == facts.at(["subject", "digest"])
}

_meaning := {
	"identified_columns": "columns that identify people",
	"unclassified_columns": "columns of free text nobody classified",
}
