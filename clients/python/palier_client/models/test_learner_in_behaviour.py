from enum import StrEnum

class TestLearnerInBehaviour(StrEnum):
    ALL_RIGHT = "all_right"
    ALL_WRONG = "all_wrong"
    THETA = "theta"
    TIMES_OUT = "times_out"

    def __str__(self) -> str:
        return str(self.value)
