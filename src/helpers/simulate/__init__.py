"""Simulated data: invented agencies, searches and vehicles, always called simulated.

With the truth to grade a method by.
"""
