"""The outside, both ways: tools Qayd calls, and doors people use."""
