"""Particle's interfaces, one module each, independent of benches and of ownership."""
