"""The one table of companies: the name a source is configured with, and who speaks for it."""

from collections.abc import Callable, Mapping

from stats.providers.base import Company, LiveProvider, SourceConfig
from stats.providers.telavox.company import COMPANY as TELAVOX
from stats.providers.vocatech.company import COMPANY as VOCATECH
from stats.providers.voxjar.company import COMPANY as VOXJAR
from stats.providers.voxloud.company import COMPANY as VOXLOUD
from stats.providers.voxology.company import COMPANY as VOXOLOGY

COMPANIES: Mapping[str, Company] = {company.name: company for company in (TELAVOX, VOCATECH, VOXJAR, VOXLOUD, VOXOLOGY)}

# Those that tell of calls while they go on.
PROVIDERS: dict[str, Callable[[SourceConfig], LiveProvider]] = {
    company.name: company.connect for company in COMPANIES.values() if company.connect is not None
}
