"""Governed state turned into things people read. Never appends, never decides."""
