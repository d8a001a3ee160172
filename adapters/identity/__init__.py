"""Who is calling: possession of an enrolled SSH key, proved afresh by each command that acts."""
