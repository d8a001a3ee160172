# METADATA
# title: Approvals asked for
# description: |
#   The people a gate asks for, by the model's tier. A tier counts once confirmed by a non-maker; any other counts as high,
#   the strictest.
package qayd.lib.approvals

import data.qayd.lib.facts

default tier := "high"

tier := input.model.tier if {
	facts.at(["model", "confirmed"]) == true
	facts.at(["model", "tier"]) in {"low", "medium", "high"}
}

# Slots of role and count; none where the matrix is not set, or any slot in it cannot be read.
default required := []

required := slots if {
	slots := data.qayd.approvals[input.gate][tier]
	is_array(slots)
	every slot in slots {
		facts.filled(slot.role)
		facts.count_like(slot.count)
		slot.count > 0
	}
}

words := concat(" and ", [concat(" ", [facts.text(slot.count), slot.role]) | some slot in required])
