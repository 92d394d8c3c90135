"""The observer: predictions and outcomes of all projects in one form, and what their windows are compared with."""
