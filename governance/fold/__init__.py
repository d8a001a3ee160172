"""How each kind of entry changes what is known: one step per event type, used by `governance.catalog.fold` alone."""
