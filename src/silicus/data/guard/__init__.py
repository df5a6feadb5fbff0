"""What stops a run: something to be tested on that can be learnt from."""

from silicus.data.guard.across import stimuli_across, taught, tested
from silicus.data.guard.batteries import batteries
from silicus.data.guard.cutoffs import days_of
from silicus.data.guard.guard import Guarded, GuardOptions, guard

__all__ = ["GuardOptions", "Guarded", "batteries", "days_of", "guard", "stimuli_across", "taught", "tested"]
