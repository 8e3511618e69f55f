"""Slots and what belongs to them: one protocol class per capability, one implementation per means."""
