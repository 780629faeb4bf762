"""Numbers as plain text, the same on pages and in figures."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: int) -> str:
    """10⁻³ for −3."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"
