"""Pages made by hand, room by room."""
