# Inputs that pass, for the tests of controls to make worse one fact at a time.
package qayd.lib.fixtures_test

digest(letter) := concat("", ["sha256:", concat("", [letter | some _ in numbers.range(1, 64)])])

now := "2026-11-23T12:00:00.000000Z"

location(use) := {"use": use, "provider": "azure", "realm": "public", "region": "uaenorth"}

dataset := {
	"subject": "dataset/credit@2",
	"digest": digest("d"),
	"purpose": "credit-scoring",
	"legal_basis": "contract",
	"labels": ["banking"],
	"location": location("storage"),
	"retention_days": 1825,
	"registered_at": "2026-11-20T12:00:00.000000Z",
	"pii": {
		"state": "measured",
		"identified_columns": 0,
		"unclassified_columns": 0,
		"transformed": true,
		"recorded_at": "2026-11-20T12:00:00.000000Z",
	},
	"provenance": {"root_known": true, "source": "UCI", "licence": "CC BY 4.0"},
}

measured := {
	"state": "measured",
	"digest": digest("a"),
	"content": digest("c"),
	"data_digest": digest("d"),
	"method": "out-of-fold/v1",
	"seed": 7,
	"folds": 10,
	"recorded_at": "2026-11-22T12:00:00.000000Z",
	"n": 1000,
	"attempts": 1,
	"differing": 0,
}

sex := {
	"attribute": "sex",
	"parity_difference": "0.048",
	"equalized_odds_difference": "0.05",
	"interval": ["0.01", "0.0912345"],
	"decidable": true,
	"groups": [{"group": "male", "n": 690}, {"group": "female", "n": 310}],
}

# Good for production but for the people it asks for.
good := {
	"schema": "qayd/gate-input/v1",
	"gate": "production",
	"now": now,
	"tenant": {"mode": "real", "establishment": "onshore", "licences": ["cbuae"], "sectors": ["banking"]},
	"subject": {"kind": "model", "name": "model/credit@3", "digest": digest("a")},
	"target": "retail",
	"locations": [location("storage"), location("serving")],
	"datasets": [dataset],
	"model": {
		"subject": "model/credit@3",
		"digest": digest("a"),
		"tier": "high",
		"decides_on_people": true,
		"confirmed": true,
		"training": {
			"run": "run/0123456789",
			"gated": true,
			"succeeded": true,
			"revision": "0123abc",
			"dirty": false,
			"environment": digest("e"),
			"artifact_matches": true,
			"started_index": 20,
		},
	},
	"thresholds": {
		"state": "registered",
		"index": 12,
		"before_training": true,
		"method": "out-of-fold/v1",
		"folds": 10,
		"seed": 7,
		"data_digest": digest("d"),
		"items": [{"metric": "accuracy", "bound": "min", "value": "0.75"}],
	},
	"evidence": {
		"performance": object.union(measured, {"values": {"metrics": {"accuracy": "0.772"}, "folds": 10, "positive": "good"}}),
		"fairness": object.union(measured, {"values": {"attributes": [sex], "floor": 10, "merged_groups": 0}}),
		"drift": object.union(measured, {"values": {
			"columns": [{"column": "amount", "method": "ks", "limit": "0.12"}],
			"window": 200,
			"resamples": 200,
			"reference_n": 1000,
		}}),
	},
	"independence": {
		"feasible": true,
		"unresolved": [],
		"makers": ["p-maker001"],
		"eligible": [
			{"role": "risk-officer", "count": 1, "available": 2},
			{"role": "validator", "count": 1, "available": 1},
		],
	},
	"monitoring": null,
	"ledger": {"state": "verified", "verified_at": now, "size": 40, "checkpoint_size": 38},
}

at_train := object.union(good, {
	"gate": "train",
	"subject": {"kind": "dataset", "name": "dataset/credit@2", "digest": digest("d")},
	"target": "",
	"locations": [location("storage")],
	"model": null,
	"thresholds": {"state": "missing"},
	"evidence": {"performance": {"state": "missing"}, "fairness": {"state": "missing"}, "drift": {"state": "missing"}},
})

at_register := object.union(good, {"gate": "register", "target": "", "locations": [location("storage")]})

live := object.union(good, {
	"gate": "in_production",
	"subject": {"kind": "deployment", "name": "deployment/retail", "digest": digest("b")},
	"monitoring": {"state": "live", "windows": 3, "breaches": 1},
})

# The good input with other facts in it; arrays are replaced, objects merged.
but(facts) := object.union(good, facts)

# The good input without what is at a path, such as `evidence/fairness`.
without(path) := json.remove(good, [path])

# The good input with the data set changed.
data_but(facts) := object.union(good, {"datasets": [object.union(dataset, facts)]})

# The good input with one kind of evidence changed.
evidence_but(kind, facts) := object.union(good, {"evidence": {kind: facts}})

# What findings say, without the words: kind and field.
briefly(findings) := {{"kind": finding.kind, "field": finding.field} | some finding in findings}

one(kind, field) := {{"kind": kind, "field": field}}
