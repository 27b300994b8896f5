"""Screens of the room `customers`."""
