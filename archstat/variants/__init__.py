"""One spec under many settings: sweeps over them, the largest that fits a limit, and the formula behind a number.

``axes`` reads which values a setting takes, ``family`` builds the spec with them and measures it; ``sweep`` tries every
combination, ``solve`` looks for the largest value, ``formula`` finds the polynomial.
"""
