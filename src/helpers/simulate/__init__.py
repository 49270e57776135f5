"""Simulated data: invented agencies, searches and vehicles, always called simulated."""
