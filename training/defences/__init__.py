"""Defences, by what they look at; each is a published one, measured here against our own attacks."""
