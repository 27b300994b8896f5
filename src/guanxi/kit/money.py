"""Amounts of money as ``Decimal``: rounding to the minor unit of a currency, converting, sharing out. Never floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

#: ISO 4217: currencies whose minor unit is not 2 digits.
_MINOR_UNITS: dict[str, int] = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_STEPS = {digits: Decimal(1).scaleb(-digits) for digits in range(5)}


def minor_units(currency: str) -> int:
    """Digits after the point of a currency by ISO 4217: CNY 2, JPY 0, KWD 3. Unknown codes have 2."""
    return _MINOR_UNITS.get(currency, 2)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round half up (away from zero), as invoices do, to the minor unit of ``currency``. Raises ``TypeError`` for floats."""
    if not isinstance(amount, Decimal):
        raise TypeError(f"money is Decimal, not {type(amount).__name__}")
    return amount.quantize(_STEPS[minor_units(currency)], rounding=ROUND_HALF_UP)


def convert(amount: Decimal, rate: Decimal, *, to: str) -> Decimal:
    """``amount`` × ``rate`` (units of ``to`` for one unit of the amount's currency), rounded to the minor unit of ``to``."""
    if rate <= 0:
        raise ValueError(f"an exchange rate is positive, not {rate}")
    return round_money(amount * rate, to)
