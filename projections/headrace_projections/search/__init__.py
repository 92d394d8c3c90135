"""Search: one document for everything findable, over all of its words, within the projects one may see."""
