"""Recipes: everything that decides what a training run makes, as frozen, hashed descriptions."""
