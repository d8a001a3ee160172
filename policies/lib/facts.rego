# METADATA
# title: Facts
# description: |
#   Reading facts and parameters so that what is absent can be seen. A path that leads nowhere gives null, never
#   undefined: engines differ on a negated call with an undefined argument, and an undefined fact must never pass.
package qayd.lib.facts

# What the input says at a path; null where it says nothing.
at(path) := object.get(input, path, null)

# What the bundle's parameters say at a path; null where they say nothing.
parameter(path) := object.get(_parameters, path, null)

default _parameters := {}

_parameters := data.qayd.params if is_object(data.qayd.params)

# What an object says at a key; null where it says nothing or is no object.
of(thing, key) := object.get(thing, key, null) if is_object(thing)

of(thing, _) := null if not is_object(thing)

# The objects in the array at a path; none where there is no array. That all of them are objects is asked by ZT-5.
objects(path) := [item | some item in array_at(path); is_object(item)]

array_at(path) := at(path) if is_array(at(path))

array_at(path) := [] if not is_array(at(path))

# A value as text for a finding; of anything but plain values only the type is told.
text(value) := value if is_string(value)

text(value) := format_int(value, 10) if {
	is_number(value)
	value == floor(value)
}

text(value) := "fraction" if {
	is_number(value)
	value != floor(value)
}

text(true) := "true"

text(false) := "false"

text(value) := type_name(value) if not type_name(value) in {"string", "number", "boolean"}

# A whole number, zero or more.
count_like(value) if {
	is_number(value)
	value >= 0
	value == floor(value)
}

digest_like(value) if {
	is_string(value)
	regex.match(`^sha256:[0-9a-f]{64}$`, value)
}

filled(value) if {
	is_string(value)
	value != ""
}

# How the subject and its model are called in commands.
default subject := "SUBJECT"

subject := input.subject.name if filled(at(["subject", "name"]))

default model := "MODEL"

model := input.model.subject if filled(at(["model", "subject"]))

# The model without its version, as thresholds are registered and trainings are run.
line := trim_prefix(split(model, "@")[0], "model/")

# A deployment by its bare name.
deployment := trim_prefix(subject, "deployment/")
