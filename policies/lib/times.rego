# METADATA
# title: Times
# description: |
#   Ages between two times written `YYYY-MM-DDTHH:MM:SS.ffffffZ`, in UTC, from 1970 to 2199. What is not such a time,
#   a thirtieth of February included, is refused before it is parsed.
package qayd.lib.times

valid(text) if {
	is_string(text)
	regex.match(
		concat("", [
			`^(19[7-9][0-9]|2[01][0-9]{2})-`,
			`((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-9]))`,
			`T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$`,
		]),
		text,
	)
	_in_calendar(text)
}

# No later than now.
past(text, now) if {
	valid(text)
	valid(now)
	text <= now
}

# In the past, and at most so many hours ago.
within(text, now, hours) if {
	past(text, now)
	is_number(hours)
	time.parse_rfc3339_ns(now) - time.parse_rfc3339_ns(text) <= hours * 3600000000000
}

_in_calendar(text) if substring(text, 5, 5) != "02-29"

_in_calendar(text) if {
	substring(text, 5, 5) == "02-29"
	year := to_number(substring(text, 0, 4))
	year % 4 == 0
	year != 2100
}
