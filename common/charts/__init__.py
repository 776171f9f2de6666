"""From data to the geometry of drawings: numbers and paths a template prints as SVG. PURE."""
