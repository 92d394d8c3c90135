"""The index of findable things: its fields, and how words are cut."""

from typing import Any

ALIAS = "headrace-search"

_WORDS = {"type": "text", "analyzer": "words", "copy_to": "everything"}
_EXACT = {"type": "keyword", "ignore_above": 1024}
_NUMBER = {"type": "long"}

BODY: dict[str, Any] = {
    "settings": {
        "index": {"number_of_shards": 1, "number_of_replicas": 0, "auto_expand_replicas": "0-1"},
        "analysis": {
            # `dep_delay`, `WeatherHourly` and `jfk-weather` are found whole and by their parts, `delays` by `delay`.
            "filter": {
                "parts": {
                    "type": "word_delimiter_graph",
                    "preserve_original": True,
                    "stem_english_possessive": True,
                },
                "stems": {"type": "stemmer", "language": "english"},
            },
            "analyzer": {
                "words": {
                    "type": "custom",
                    "tokenizer": "whitespace",
                    "filter": ["parts", "flatten_graph", "lowercase", "asciifolding", "stems"],
                },
                "asked": {
                    "type": "custom",
                    "tokenizer": "whitespace",
                    "filter": ["parts", "lowercase", "asciifolding", "stems"],
                },
            },
        },
    },
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "project": _EXACT,
            "kind": _EXACT,
            "id": {"type": "keyword"},
            "state": _EXACT,
            "name": {**_WORDS, "search_analyzer": "asked", "fields": {"exact": _EXACT}},
            "version": _NUMBER,
            "description": {**_WORDS, "search_analyzer": "asked"},
            "columns": {**_WORDS, "search_analyzer": "asked"},
            "tags": {**_WORDS, "search_analyzer": "asked", "fields": {"exact": _EXACT}},
            "people": {**_WORDS, "search_analyzer": "asked", "fields": {"exact": _EXACT}},
            "text": {**_WORDS, "search_analyzer": "asked"},
            "everything": {"type": "text", "analyzer": "words", "search_analyzer": "asked"},
            "metrics": {"type": "object", "enabled": False},
            "created": _NUMBER,
            "updated": _NUMBER,
            "seq": _NUMBER,
        },
    },
}
