"""photonrig: prove that Photon firmware works and that ownership of a device never gets lost."""

__version__ = "0.1.0"
