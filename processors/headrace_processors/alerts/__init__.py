"""Alert rules over windows: when an alert opens and when it resolves, decided on Faust and asked for by command."""
