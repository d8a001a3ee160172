# METADATA
# title: Performance meets thresholds set beforehand
# description: |
#   Thresholds were registered before the training started, by the order of the ledger, and fix method, folds, seed and
#   data. The evidence was measured that way, each metric keeps its bound, and no earlier result was left aside.
# related_resources:
#   - description: ISO/IEC 42001:2023, Annex A, A.6.2.4
#     ref: https://www.iso.org/standard/81230.html
# custom:
#   control_id: A.6.2.4
#   severity: C
package qayd.controls.performance

import data.qayd.lib.decimal
import data.qayd.lib.evidence
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "A.6.2.4"

findings contains gap if some gap in evidence.gaps(control, "performance")

findings contains found if some found in evidence.shopped(control, "performance")

findings contains finding.missing(control, {
	"field": "thresholds",
	"next": concat(" ", ["qayd threshold register", facts.line, "--dataset NAME --min METRIC=VALUE"]),
	"passes": "when registered before a training",
	"detail": "no threshold is registered",
}) if {
	not _registered
}

findings contains finding.violated(control, {
	"field": "thresholds.before_training",
	"value": "after",
	"limit": "before",
	"next": concat(" ", ["qayd training run", facts.line, "--dataset NAME -- COMMAND"]),
	"passes": "when trained after registering the thresholds",
	"detail": "the thresholds were registered after the training had started",
}) if {
	_registered
	not _beforehand
}

# Evidence taken another way than registered is not the evidence asked for.
findings contains finding.missing(control, {
	"field": concat("", ["evidence.performance.", member]),
	"value": facts.text(facts.at(["evidence", "performance", member])),
	"limit": facts.text(facts.at(["thresholds", member])),
	"evidence": "performance",
	"next": evidence.command("performance"),
	"passes": "when measured as registered",
	"detail": concat("", ["measured with another ", _words[member], " than registered"]),
}) if {
	_registered
	evidence.judged("performance")
	some member in object.keys(_words)
	not _as_registered(member)
}

findings contains finding.violated(control, {
	"field": _field(item),
	"value": decimal.beside(_value(item), item.value),
	"limit": decimal.limit(item.value),
	"evidence": "performance",
	"passes": concat("", ["at ", decimal.limit(item.value), " ", _direction[item.bound]]),
	"detail": concat("", ["n = ", facts.text(facts.at(["evidence", "performance", "n"]))]),
}) if {
	some item in _comparable
	decimal.valid(_value(item))
	not _kept(item)
}

findings contains finding.missing(control, {
	"field": _field(item),
	"limit": decimal.limit(item.value),
	"evidence": "performance",
	"next": evidence.command("performance"),
	"passes": "when the metric is measured",
	"detail": "the evidence does not hold this metric",
}) if {
	some item in _comparable
	_value(item) == null
}

findings contains finding.errored(control, {
	"field": _field(item),
	"evidence": "performance",
	"detail": "the metric is no decimal",
}) if {
	some item in _comparable
	not _value(item) == null
	not decimal.valid(_value(item))
}

findings contains finding.errored(control, {
	"field": "thresholds.items",
	"detail": "a threshold cannot be read",
}) if {
	some item in facts.array_at(["thresholds", "items"])
	not _readable(item)
}

_registered if {
	facts.at(["thresholds", "state"]) == "registered"
	count(facts.objects(["thresholds", "items"])) > 0
}

_beforehand if {
	facts.at(["thresholds", "before_training"]) == true
	facts.count_like(facts.at(["thresholds", "index"]))
	facts.count_like(facts.at(["model", "training", "started_index"]))
	input.thresholds.index < input.model.training.started_index
}

_as_registered(member) if {
	not facts.at(["thresholds", member]) == null
	facts.at(["evidence", "performance", member]) == facts.at(["thresholds", member])
}

_comparable contains item if {
	_registered
	evidence.judged("performance")
	some item in input.thresholds.items
	_readable(item)
}

_readable(item) if {
	facts.filled(item.metric)
	item.bound in object.keys(_direction)
	decimal.valid(item.value)
}

_value(item) := facts.at(["evidence", "performance", "values", "metrics", item.metric])

_field(item) := concat(".", ["evidence.performance.values.metrics", item.metric])

_kept(item) if {
	item.bound == "min"
	decimal.at_least(_value(item), item.value)
}

_kept(item) if {
	item.bound == "max"
	decimal.at_most(_value(item), item.value)
}

_direction := {"min": "or above", "max": "or below"}

_words := {
	"data_digest": "data set",
	"folds": "number of folds",
	"method": "method",
	"seed": "seed",
}
