"""Triggers and label maps as data; no torch."""
