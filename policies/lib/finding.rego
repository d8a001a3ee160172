# METADATA
# title: Findings
# description: |
#   The one shape of a finding. All values are text; `requires` lists people by role and is used by severity M only.
#   Severity, titles and articles are joined from the catalogue by whoever asked.
package qayd.lib.finding

violated(control, parts) := _finding(control, "violated", parts)

missing(control, parts) := _finding(control, "missing", parts)

stale(control, parts) := _finding(control, "stale", parts)

errored(control, parts) := _finding(control, "errored", parts)

_finding(control, kind, parts) := object.union(
	{
		"field": "",
		"value": "",
		"limit": "",
		"evidence": "",
		"next": "",
		"passes": "",
		"detail": "",
		"requires": [],
	},
	object.union(parts, {"control": control, "kind": kind}),
)
