"""Reading charts as Vega-Lite gets them."""


def layer(chart, mark, number=0):
    """The layer with a mark ("line", "point", ...), the `number`th of its kind, with the chart's data sets in it."""
    spec = chart.to_dict()
    found = [part for part in spec["layer"] if part["mark"]["type"] == mark][number]
    name = found.get("data", spec.get("data"))["name"]
    return {**found, "rows": spec["datasets"][name]}


def rows(part):
    """Data rows of a layer, as a list of dicts."""
    return part["rows"]
