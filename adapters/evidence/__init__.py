"""Measurers: the tools that turn data and predictions into evidence."""
