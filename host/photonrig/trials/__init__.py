"""Trials: an image run apart from everything outside, in time counted in its instructions, and what it shows."""
