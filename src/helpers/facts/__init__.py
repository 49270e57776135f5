"""Load, check and cite the fact tables; dates, intervals and claims computed from them."""
