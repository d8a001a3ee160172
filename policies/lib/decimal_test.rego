package qayd.lib.decimal_test

import data.qayd.lib.decimal

test_what_a_decimal_is if {
	every text in ["0", "-0", "1", "0.1", "-0.5", "9999999.999999999", "0.00000000000000000000000000000000000000000001"] {
		decimal.valid(text)
	}
	every text in ["", ".5", "5.", "01", "1e3", "+1", "1,5", "--1", "٣", "12345678", " 1", "1\n", 1, null, ["1"]] {
		not decimal.valid(text)
	}
}

test_equal_however_written if {
	every pair in [["0.1", "0.10"], ["1", "1.000000"], ["0", "-0"], ["-0.5", "-0.50"]] {
		decimal.at_most(pair[0], pair[1])
		decimal.at_least(pair[0], pair[1])
	}
}

test_ordered_to_the_last_digit if {
	every pair in [
		["0.1", "0.100000001"],
		["0.1", "0.1000000000000000000001"],
		["-0.1000000000000000000001", "-0.1"],
		["-1", "0"],
		["0.9", "0.10e"],
		["2", "10"],
		["0.09", "0.1"],
	] {
		not decimal.at_least(pair[0], pair[1])
	}
	decimal.at_most("0.1", "0.1000000000000000000001")
	not decimal.at_most("0.1000000000000000000001", "0.1")
}

test_what_is_no_decimal_is_neither if {
	not decimal.at_most("low", "0.1")
	not decimal.at_least("low", "0.1")
	not decimal.at_most("0.1", null)
}

test_limits_as_people_read_them if {
	decimal.limit("0.1") == "0.100"
	decimal.limit("0.10") == "0.100"
	decimal.limit("1") == "1.000"
	decimal.limit("-2.5") == "-2.500"
	decimal.limit("0.7555") == "0.7555"
}

test_values_beside_their_limit if {
	decimal.beside("0.197312", "0.10") == "0.197"
	decimal.beside("0.0995", "0.10") == "0.0995"
	decimal.beside("0.0994", "0.10") == "0.099"
	decimal.beside("0.1000001", "0.10") == "0.1000001"
	decimal.beside("0.1", "0.10") == "0.100"
	decimal.beside("-0.0004", "-1") == "-0.000"
	decimal.beside("12.3456", "1") == "12.346"
	decimal.beside("9999999.9999", "1") == "10000000.000"
}
