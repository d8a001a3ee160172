"""Tables and files that are not the ledger's."""
