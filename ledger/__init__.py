"""The ledger: bytes, hashes, keys and one database. It does not know what a model is."""
