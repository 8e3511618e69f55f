"""One module per interface that Particle made; each is usable alone and knows nothing of benches or owners."""
