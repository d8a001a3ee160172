"""Training back ends: run somebody's command on governed data and report what was seen of it."""
