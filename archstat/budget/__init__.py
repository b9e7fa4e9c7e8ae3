"""Limits on what a network may cost, and networks held to them.

``meter`` asks a graph for any metric, ``judge`` holds a number to a limit, ``policy`` reads ``archstat.yaml``, and
``check`` puts it together.
"""
