"""What may be published: the site, the scan for personal data, keys and tokens."""
