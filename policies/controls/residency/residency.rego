# METADATA
# title: Data stays in the UAE
# description: |
#   Data about people, and data of no known kind, is kept and processed in the UAE: where it is stored and every place
#   the subject uses. A place is its provider, realm and region together; a place not in the table is outside.
# related_resources:
#   - description: CBUAE rulebook, Consumer Protection Standards 6.1.6
#     ref: https://rulebook.centralbank.ae/en/rulebook/616-standards-retention-consumer-records
#   - description: Federal Law 2 of 2019 on ICT in health fields, Art 13
#     ref: https://uaelegislation.gov.ae/en/legislations/1209
# custom:
#   control_id: RES-UAE
#   severity: C
package qayd.controls.residency

import data.qayd.lib.datasets
import data.qayd.lib.facts
import data.qayd.lib.finding

control := "RES-UAE"

# A place where bound data is, or may come to be, outside the country.
findings contains finding.violated(control, {
	"field": place.field,
	"value": _name(place.location),
	"limit": data.qayd.residency.country,
	"passes": concat(" ", ["in a region listed for", data.qayd.residency.country]),
	"detail": _where(place.location),
}) if {
	some place in _places
	not _inside(place.location)
}

# A label that would free the data, without the scan that would bear it out.
findings contains finding.missing(control, {
	"field": datasets.field(dataset, "pii"),
	"next": datasets.scan_command(dataset),
	"passes": "when a scan finds no person in it, or in a region listed for AE",
	"detail": "labelled as holding no personal data, but not scanned",
}) if {
	some dataset in datasets.all
	_pending(dataset)
	not _inside(facts.of(dataset, "location"))
}

# Nothing says where the subject will be used.
findings contains finding.missing(control, {
	"field": concat(".", ["locations", use]),
	"detail": concat(" ", ["no place is known for", use]),
	"passes": concat(" ", ["when the target names where it is, in", _country]),
}) if {
	some use in data.qayd.residency.uses[input.gate]
	not use in {facts.of(location, "use") | some location in facts.objects(["locations"])}
}

findings contains finding.errored(control, {
	"field": "residency",
	"detail": "the table of places is not set for this gate",
}) if {
	not _configured
}

_configured if {
	count(data.qayd.residency.places) > 0
	facts.filled(_country)
	is_array(data.qayd.residency.uses[input.gate])
	is_array(data.qayd.params.non_personal.labels)
}

default _country := ""

_country := data.qayd.residency.country if facts.filled(data.qayd.residency.country)

_places contains {"field": datasets.field(dataset, "location"), "location": facts.of(dataset, "location")} if {
	some dataset in datasets.all
	not _free(dataset)
	not _pending(dataset)
}

_places contains {"field": concat(".", ["locations", facts.text(facts.of(location, "use"))]), "location": location} if {
	some location in facts.objects(["locations"])
	not _all_free
}

# Freed: no person in it, by its labels and by a scan.
_free(dataset) if {
	datasets.claims_no_person(dataset)
	datasets.clean(dataset)
}

_pending(dataset) if {
	datasets.claims_no_person(dataset)
	not datasets.scanned(dataset)
}

_all_free if {
	count(datasets.all) > 0
	every dataset in datasets.all {
		_free(dataset)
	}
}

_inside(location) if {
	some place in data.qayd.residency.places
	place.provider == location.provider
	place.realm == location.realm
	place.region == location.region
	place.country == data.qayd.residency.country
}

_name(location) := concat("/", [facts.text(facts.of(location, part)) | some part in ["provider", "realm", "region"]])

_where(location) := concat(" ", ["the region lies in", place.country]) if {
	some place in data.qayd.residency.places
	place.provider == facts.of(location, "provider")
	place.realm == facts.of(location, "realm")
	place.region == facts.of(location, "region")
}

else := "a place not in the table counts as outside"
