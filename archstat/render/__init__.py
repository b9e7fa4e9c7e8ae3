"""Renderers: a report goes in, text comes out. One file a format, imported when it is asked for."""

from archstat.render.formats import EXTENSIONS, FORMATS, MACHINE, render

__all__ = ["EXTENSIONS", "FORMATS", "MACHINE", "render"]
