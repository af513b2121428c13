"""Kinds of widget blocks."""
