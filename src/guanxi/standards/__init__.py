"""What well-formed values look like: one module per kind of value, pure functions over text, deterministic.

Every normaliser raises :class:`~guanxi.kit.problems.BadValue` with a code whose message names the remedy, and carries a ``VERSION``
that grows when its results change, so that stored values can be told apart from newer ones.
"""
