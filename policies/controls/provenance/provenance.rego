# METADATA
# title: Provenance is known
# description: |
#   Where the data comes from and under which licence is recorded back to its root; a model comes from a recorded,
#   gated and successful training run, and its bytes are the ones that run left behind.
# related_resources:
#   - description: ISO/IEC 42001:2023, Annex A, A.7.5
#     ref: https://www.iso.org/standard/81230.html
# custom:
#   control_id: A.7.5
#   severity: C
package qayd.controls.provenance

import data.qayd.lib.datasets
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "A.7.5"

findings contains finding.violated(control, {
	"field": datasets.field(dataset, "provenance.root_known"),
	"value": facts.text(facts.of(facts.of(dataset, "provenance"), "root_known")),
	"limit": "true",
	"passes": "when every ancestor is registered",
	"detail": "the lineage does not lead back to registered data",
}) if {
	some dataset in datasets.all
	not dataset.provenance.root_known == true
}

findings contains finding.missing(control, {
	"field": datasets.field(dataset, concat("", ["provenance.", member])),
	"next": concat(" ", ["qayd dataset register", split(trim_prefix(datasets.name(dataset), "dataset/"), "@")[0]]),
	"passes": concat("", ["when registered with its ", member]),
}) if {
	some dataset in datasets.all
	some member in ["source", "licence"]
	not facts.filled(facts.of(facts.of(dataset, "provenance"), member))
}

findings contains finding.violated(control, {
	"field": concat(".", ["model.training", fact]),
	"value": facts.text(facts.at(["model", "training", fact])),
	"limit": "true",
	"next": concat(" ", ["qayd training run", facts.line, "--dataset NAME -- COMMAND"]),
	"passes": "when trained again through the gate",
	"detail": _meaning[fact],
}) if {
	_about_model
	some fact in object.keys(_meaning)
	not facts.at(["model", "training", fact]) == true
}

findings contains finding.missing(control, {
	"field": "model",
	"detail": "no model is among the facts",
}) if {
	_about_model
	not is_object(facts.at(["model"]))
}

findings contains finding.missing(control, {
	"field": "datasets",
	"detail": "no data set is among the facts",
}) if {
	count(datasets.all) == 0
}

_about_model if not facts.at(["gate"]) in {"ingest", "train"}

_meaning := {
	"artifact_matches": "the model's bytes are not those its training run left",
	"gated": "the data had not passed the gate `train`",
	"succeeded": "the training run did not succeed",
}
