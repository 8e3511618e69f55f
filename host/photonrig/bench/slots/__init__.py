"""Slots: places on the bench with one device each, real or virtual."""
