# METADATA
# title: Data sets
# description: |
#   Whether a data set may count as free of personal data: its labels say so, and a scan of these bytes found neither
#   an identifying nor an unclassified column. A label alone frees nobody from anything.
package qayd.lib.datasets

import data.qayd.lib.facts

all := facts.objects(["datasets"])

name(dataset) := facts.of(dataset, "subject") if facts.filled(facts.of(dataset, "subject"))

name(dataset) := "DATASET" if not facts.filled(facts.of(dataset, "subject"))

field(dataset, member) := concat("", ["datasets.", name(dataset), ".", member])

# Every label says that no person is in it.
claims_no_person(dataset) if {
	is_array(dataset.labels)
	count(dataset.labels) > 0
	every label in dataset.labels {
		label in data.qayd.params.non_personal.labels
	}
}

scanned(dataset) if {
	dataset.pii.state == "measured"
	facts.count_like(dataset.pii.identified_columns)
	facts.count_like(dataset.pii.unclassified_columns)
}

clean(dataset) if {
	scanned(dataset)
	dataset.pii.identified_columns == 0
	dataset.pii.unclassified_columns == 0
}

scan_command(dataset) := concat(" ", ["qayd dataset scan", name(dataset)])
