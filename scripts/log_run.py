"""Send a run to a tracker: its settings, the figures of its epochs, and its scores.

python scripts/log_run.py mine --log-with tensorboard    # then: tensorboard --logdir runs
python scripts/log_run.py mine --log-with wandb mlflow

scripts/train.py --log-with sends them while the run trains. Nothing in the run folder changes but a folder of
tensorboard's own.
"""

from __future__ import annotations

import sys

from fercore.cli import ScriptParser, add_run, add_runs, add_trackers, friendly_errors
from fercore.run_names import find_run
from fercore.training.trackers import check_trackers, send


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = ScriptParser(__doc__)
    add_run(parser, "run to send")
    add_trackers(parser, required=True)
    add_runs(parser)
    options = parser.parse_args(arguments)
    check_trackers(options.log_with)
    if not send(options.log_with, find_run(options.run, options.runs)):
        raise SystemExit(1)  # warned of on stderr


if __name__ == "__main__":
    main(sys.argv[1:])
