"""Measurements on real parts; none of them is a test."""
