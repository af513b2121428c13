"""Studies: many runs, measured together."""
