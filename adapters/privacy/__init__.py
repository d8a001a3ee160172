"""Personal data in tables: finding it, naming it, replacing it by keyed pseudonyms. Never sends or prints a value."""
