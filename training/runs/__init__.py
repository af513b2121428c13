"""Runs: what a recipe made."""
