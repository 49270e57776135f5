"""Write invented records to files, in the layouts of real exports."""
