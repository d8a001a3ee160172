"""The demonstration: real credit records, invented people."""
