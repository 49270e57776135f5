"""Solutions of the exercises of notebook 03."""

from helpers.network import build_graph, load_network, measure, select_reporters

data = load_network("orange-county")

# 1. How many accounts outside California does each of the Irvine police's lists name?
irvine = data.list_dates("irvine-pd-ca")
outside = {
    row.label: measure.count_accounts(data.select_list(row.list_id), "CA")[
        ["outside_n", "outside_high_n"]
    ].tolist()
    for row in irvine.itertuples()
}
print(outside)

# 2. Which agencies are on the lists of all reporters?
G = build_graph(data)
on_all = set.intersection(*(set(G.successors(reporter)) for reporter in select_reporters(G)))
print(len(on_all), sorted(data.agencies.loc[sorted(on_all), "name"])[:5])
