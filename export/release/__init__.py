"""From a trained network to a released model, and back: files, card, goldens."""
