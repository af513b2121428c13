"""Networks: one file each, found by name."""
