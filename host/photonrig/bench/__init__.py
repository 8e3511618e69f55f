"""Slots and their equipment: one protocol class per capability, one implementation per means."""
