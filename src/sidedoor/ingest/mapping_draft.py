def draft_mapping(source):
    return "unknown", "x"
