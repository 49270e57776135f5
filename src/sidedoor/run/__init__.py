"""Run editions: parameters, notebooks in kernels, results, verification, drafts."""
