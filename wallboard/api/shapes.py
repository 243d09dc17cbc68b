"""The words in which the API's answers are described (OpenAPI 3.1): what is always told, what may be null, and in which units."""

Schema = dict[str, object]


def known(kind: str, description: str) -> Schema:
    """A value that is always told."""
    return {"type": kind, "description": description}


def maybe(kind: str, description: str) -> Schema:
    """A value that may be null."""
    return {"type": [kind, "null"], "description": description}


def record(properties: dict[str, Schema], description: str = "") -> Schema:
    """An object whose properties are all told."""
    schema: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {**schema, "description": description} if description else schema


def listing(of: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": of}


def ref(name: str) -> Schema:
    """One of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


UNKNOWN = "null while the source's day has not been read"
INSTANT, SECONDS, RATIO = "epoch milliseconds", "seconds", "a share, 0 to 1; null when the denominator is 0"
ID = maybe("integer", "the vendor's statistics id; null where only the account id is known")
ACCOUNT = maybe("integer", "the vendor's account id")
KEY = known("string", 'serves in paths: the id, else "a:<account id>", else "n:<name>"')
NAME = maybe("string", "as last told")
