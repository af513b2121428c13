"""Defences: what an owner can do about a backdoor, one file each, all behind one protocol."""
