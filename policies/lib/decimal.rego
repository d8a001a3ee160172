# METADATA
# title: Decimals
# description: |
#   Exact comparison of decimals written as text, on integers, so that no engine rounds otherwise than another.
#   A decimal has at most 7 digits before the point and 60 after. The first nine after it count exactly; whether any
#   further digit is not zero counts as half a step more.
package qayd.lib.decimal

valid(text) if {
	is_string(text)
	regex.match(`^-?(0|[1-9][0-9]{0,6})(\.[0-9]{1,60})?$`, text)
}

# At least zero.
share(text) if {
	valid(text)
	not startswith(text, "-")
}

at_most(text, limit) if {
	valid(text)
	valid(limit)
	_units(text) <= _units(limit)
}

at_least(text, limit) if {
	valid(text)
	valid(limit)
	_units(text) >= _units(limit)
}

# A limit as people read it: three decimals, more where the limit has more.
limit(text) := text if {
	valid(text)
	count(_fraction(text)) > 3
}

limit(text) := concat("", [_sign(text), _whole(text), ".", substring(concat("", [_fraction(text), "000"]), 0, 3)]) if {
	valid(text)
	count(_fraction(text)) <= 3
}

# A value beside its limit: rounded to three decimals, unless rounding would put it on the other side or on the limit.
beside(text, bound) := rounded(text) if {
	valid(text)
	_side(rounded(text), bound) == _side(text, bound)
}

beside(text, bound) := text if {
	valid(text)
	_side(rounded(text), bound) != _side(text, bound)
}

_side(text, bound) := "below" if _units(text) < _units(bound)

_side(text, bound) := "on" if _units(text) == _units(bound)

_side(text, bound) := "above" if _units(text) > _units(bound)

# Rounded to three decimals, halves away from zero.
rounded(text) := concat("", [_sign(text), format_int((thousandths - below) / 1000, 10), ".", decimals]) if {
	above := abs(_units(text)) + 5000000
	thousandths := (above - (above % 10000000)) / 10000000
	below := thousandths % 1000
	decimals := substring(format_int(1000 + below, 10), 1, 3)
}

# Ten-billionths: nine decimals and the sticky step. For what is valid, or was rounded from it.
_units(text) := _factor(text) * (((to_number(_whole(text)) * 1000000000) * 10) + ((_nine(text) * 10) + _rest(text)))

_factor(text) := -1 if startswith(text, "-")

_factor(text) := 1 if not startswith(text, "-")

_sign(text) := "-" if startswith(text, "-")

_sign(text) := "" if not startswith(text, "-")

_whole(text) := split(trim_left(text, "-"), ".")[0]

_fraction(text) := split(text, ".")[1] if contains(text, ".")

_fraction(text) := "" if not contains(text, ".")

# A leading 1 keeps the zeros: to_number is strict about how numbers begin.
_nine(text) := to_number(concat("", ["1", substring(concat("", [_fraction(text), "000000000"]), 0, 9)])) - 1000000000

_rest(text) := 5 if regex.match(`\.[0-9]{9}[0-9]*[1-9]`, text)

_rest(text) := 0 if not regex.match(`\.[0-9]{9}[0-9]*[1-9]`, text)
