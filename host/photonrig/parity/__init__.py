"""Parity: one black-box programme, asked of a real Photon and cloud or of ours, recorded, and compared line by line."""
