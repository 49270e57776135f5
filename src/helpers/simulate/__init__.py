"""Simulated data: invented agencies, searches and vehicles, always called simulated, with the truth to grade a method by."""
