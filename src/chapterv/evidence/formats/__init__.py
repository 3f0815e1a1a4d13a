"""One module for each format; a new one here is found by itself.

A module registers its reader with `chapterv.evidence.registry.reader` and is listed nowhere.
"""
