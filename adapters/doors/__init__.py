"""The doors people use. Thin: they parse, call, print and map errors to exit codes; they decide nothing."""
