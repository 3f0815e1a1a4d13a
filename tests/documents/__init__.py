"""Tests of documents: texts, colours, the page frame."""
