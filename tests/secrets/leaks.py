"""Looks for a canary in every corner of an exception."""

import pickle
import traceback

from sqlalchemy.exc import StatementError

CANARY = "ca\"na'ry 카나리"


def everything(error):
    seen = [repr(error.orig.__cause__), *map(str, (error, error.orig, error.params))] if isinstance(error, StatementError) else []
    parts = [str(error), repr(error), repr(error.args), "".join(traceback.format_exception(error)), *seen]
    for link in (error, getattr(error, "orig", None)):
        if diag := getattr(link, "diag", None):
            parts += [str(getattr(diag, name)) for name in dir(diag) if not name.startswith("_")]
        pickled = pickle.dumps(link)
        parts += [pickled.decode("utf-8", "replace"), repr(pickle.loads(pickled))]
    return "\n".join(parts)


def leaks(error):
    said = everything(error)
    return [piece for piece in ('ca"na', "na'ry", "na\\'ry", "카나리", "카나", "canary") if piece in said]
