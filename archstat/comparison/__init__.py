"""Two architectures held against each other: which layers correspond, and what each costs more or less.

``side`` takes what is compared from a spec, ``tree`` arranges it by path, ``align`` and ``match`` pair it as a diff
does, ``changes`` makes rows of the pairs, ``compare`` puts it together.
"""
