"""Attacks: how a backdoor gets into a network."""
