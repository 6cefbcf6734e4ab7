"""Figures of the web view as plotly's JSON, one module per pane; the browser draws them."""
