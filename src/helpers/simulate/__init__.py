"""Simulated agencies, searches and vehicles, always called so, with the truth to grade a method by."""
