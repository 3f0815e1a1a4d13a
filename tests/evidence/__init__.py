"""Readers of artefacts; broken samples are made by code and named by their defect."""
