"""One module a noun of the command line: `qayd <noun> <verb>`."""
