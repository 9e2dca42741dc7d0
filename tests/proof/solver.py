# SPDX-License-Identifier: MIT
"""Questions to the solver: can these conditions be true together?"""

import time

from bitwuzla import Bitwuzla, Option, Options, Result

import terms as T


def related(conditions, to):
    """Those that have a variable in common with others, or with these."""
    known = 0
    for t in to:
        known |= T.symbolic(t) and t.variables
    left, result = list(conditions), []
    while True:
        some = [c for c in left if not T.symbolic(c) or c.variables & known]
        if not some:
            return result
        left = [c for c in left if c not in some]
        result += some
        for c in some:
            known |= T.symbolic(c) and c.variables


class Solver:
    """One incremental solver. It answers, or the proof ends."""

    def __init__(self):
        options = Options()
        options.set(Option.PRODUCE_MODELS, True)
        self.bitwuzla = Bitwuzla(T.MANAGER, options)
        self.answers = {}
        self.questions = 0
        self.seconds = 0.0

    def ask(self, conditions):
        assumptions = [T.for_solver(c) for c in conditions if c is not True]
        start = time.process_time()
        answer = self.bitwuzla.check_sat(*assumptions)
        self.seconds += time.process_time() - start
        self.questions += 1
        if answer == Result.UNKNOWN:
            raise RuntimeError("the solver gives up")
        return answer == Result.SAT

    def possible(self, conditions, *more):
        """Is there a case in which all of them hold?

        Conditions that share no variable with what is asked, not even by way
        of others, are left out: a case of them is there, as there is one of
        the state; and if there were none, then yes would be the safe answer.
        """
        conditions = related(conditions, more) if more else list(conditions)
        conditions += more
        if any(c is False for c in conditions):
            return False
        name = frozenset(c.number for c in conditions if T.symbolic(c))
        if name not in self.answers:
            self.answers[name] = self.ask(conditions)
        return self.answers[name]

    def example(self, conditions, term):
        """A value of a term in such a case, which there is."""
        if not T.symbolic(term):
            return term
        if not self.ask(conditions):
            raise RuntimeError("no case to take an example from")
        return self.value(term)

    def value(self, term):
        """In the case found last."""
        v = self.bitwuzla.get_value(T.for_solver(term))
        return v.value() if v.sort().is_bool() else int(v.value(10))
