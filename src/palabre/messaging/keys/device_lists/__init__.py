"""Whose devices and keys changed, so that others fetch them anew."""
