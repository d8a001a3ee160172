"""Policy engines: the embedded one and an OPA server, behind one port; and the bundle they evaluate."""
