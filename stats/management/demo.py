"""The demo's second organisation: which telephone systems it has, and what plays them."""

import random
import secrets
from dataclasses import dataclass, field
from typing import Any

from stats.providers.voxology.simulator import documents
from stats.simulation import names
from stats.simulation.plan import FloorPlan, make_agents, make_queues

# In the order of their ports. Small: the four of them share a process, and the machine with everything else.
OTHERS = ("voxloud", "vocatech", "voxology", "voxjar")
AGENTS, QUEUES, CALLS_PER_HOUR, SEED = 9, 3, 70, 11
_PATHS = {"voxloud": "/api", "vocatech": "/v1", "voxology": "/v1", "voxjar": ""}


@dataclass(slots=True)
class OtherSystems:
    """`posted` is filled in by `bootstrap`: by company, where it is to post to and with what key."""

    ports: tuple[int, ...]
    base: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    posted: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    @property
    def wanted(self) -> list[dict[str, Any]]:
        """The sources, as `wallboard.accounts.demo.Wanted` takes them."""
        return [
            {
                "provider": company,
                "live_url": f"http://127.0.0.1:{port}{_PATHS[company]}",
                "token": self.token,
                "settings": _settings(company, SEED + place),
            }
            for place, (company, port) in enumerate(zip(OTHERS, self.ports, strict=True))
        ]

    def command(self) -> list[str]:
        """The words after `manage.py` that start the look-alikes."""
        words = ["simulate", "others", "--ports", ",".join(map(str, self.ports)), f"--token={self.token}", "--seed", str(SEED)]
        words += ["--agents", str(AGENTS), "--queues", str(QUEUES), "--calls-per-hour", str(CALLS_PER_HOUR)]
        if "voxology" in self.posted:
            address, key = self.posted["voxology"]
            words += [f"--post-to={address}", f"--hook-key={key}"]
        return words


def _settings(company: str, seed: int) -> dict[str, Any]:
    if company == "voxloud":
        plan = FloorPlan.of(seed=seed, agents=AGENTS, queues=QUEUES, calls_per_hour=CALLS_PER_HOUR)
        return {"queues": [{"name": each.name, "numbers": [each.phone], "rules": []} for each in make_queues(plan, random.Random(seed))]}
    if company == "voxology":
        plan, chance = FloorPlan.of(seed=seed, agents=AGENTS, queues=QUEUES, calls_per_hour=CALLS_PER_HOUR), random.Random(seed)
        people = make_agents(plan, make_queues(plan, chance), chance, 0)
        # Its logs know agents by their addresses alone.
        return {
            "agents": {documents.agent_id(agent): agent.name for agent in people},
            "agent_numbers": [f"{documents.address(agent)} = {documents.agent_id(agent)}" for agent in people],
        }
    if company == "voxjar":
        told = ["voxloud", "vocatech", "voxology"]
        named = [names.person(order) for order in range(AGENTS)]
        return {"sources": told, "consented": told, "agents": {name: names.mailbox(name) for name in named}, "customers": "pseudonym"}
    return {}
