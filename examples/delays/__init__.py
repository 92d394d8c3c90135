"""The feature store on real flights: what each part of it is for, in one story."""
