"""Sample inputs shown in the report."""
