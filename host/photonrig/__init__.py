"""photonrig: a bench for Particle Photon firmware and device ownership."""

__version__ = "0.1.0"
