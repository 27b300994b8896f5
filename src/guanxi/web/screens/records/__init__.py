"""The hand-made screens of records: the journal and undo, custom fields, lists of values."""
