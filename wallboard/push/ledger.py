"""When each value last changed, so that anybody who missed something can be told exactly what, in one message.

Rules that hold here: versions only grow in the life of a process, whatever the store does; a new epoch forgets everything, for
nobody can be brought up to date across it; a value that went is told as null.
"""

from collections.abc import Mapping

from stats.domain.board import Grown, Values

Wants = Mapping[str, frozenset[str]]


class Ledger:
    """The values of one organisation, their version, and the version of each value's last change."""

    def __init__(self) -> None:
        self.values: Values = {}
        self.version = 0
        self.epoch = ""
        self._changed: dict[str, dict[str, int]] = {}
        self._newest: dict[str, int] = {}  # the newest change of each scope

    def settle(self, values: Values, *, epoch: str, rev: int, grown: Grown | None = None) -> bool:
        """Takes in new values, made of the store's `rev`; True when any differ. The version is at least `rev`.

        `grown` says where to look; without it everything is compared.
        """
        anew = epoch != self.epoch
        if anew:
            self.epoch = epoch
            self._changed, self._newest = {}, {}
        version = max(self.version + 1, rev)
        before = {} if anew else self.values
        # Thousands of agents, of whom time alone has passed: only what it may have changed is looked at.
        only = grown.names if grown is not None and grown.since is before and grown.until is values else {}
        moved = anew
        for scope, metrics in values.items():
            held = before.get(scope)
            if held is metrics:
                continue
            if held is None:
                differ = list(metrics)
            elif (names := only.get(scope)) is not None:
                differ = [metric for metric in names if metrics[metric] != held[metric]]
            else:
                differ = _differing(held, metrics)
            if not differ and held is not None:
                continue
            moved = True
            changed = self._changed.setdefault(scope, {})
            self._newest[scope] = version
            for metric in differ:
                changed[metric] = version
        for scope in before.keys() - values.keys():
            moved = True
            self._changed.pop(scope, None)
            self._newest.pop(scope, None)
        self.values = values
        if moved:
            self.version = version
        return moved

    def since(self, version: int, wants: Wants) -> Values:
        """What of `wants` changed after `version`, as it is now."""
        news: Values = {}
        for scope, wanted in wants.items():
            if self._newest.get(scope, 0) <= version:
                continue
            held = self.values.get(scope, {})
            found = {metric: held.get(metric) for metric, at in self._changed[scope].items() if at > version and metric in wanted}
            if found:
                news[scope] = found
        return news

    def whole(self, wants: Wants) -> Values:
        """Everything of `wants` that there is."""
        return {
            scope: {metric: value for metric, value in self.values[scope].items() if metric in wanted}
            for scope, wanted in wants.items()
            if scope in self.values
        }


def _differing(held: Mapping[str, object], metrics: Mapping[str, object]) -> list[str]:
    """The metrics whose value is not what it was, those that went among them."""
    differ = [metric for metric, value in metrics.items() if metric not in held or held[metric] != value]
    return differ + [metric for metric in held if metric not in metrics]
