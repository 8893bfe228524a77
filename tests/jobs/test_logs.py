"""What is told of a job comes from the end of its log."""

from fercore.jobs.logs import Told, told

TRAINING = """Training runs/a. Stop with Ctrl-C
epoch 1/4: train loss 1.800 accuracy 25.0% | val loss 1.7 accuracy 30.0% macro-F1 20.0% | 150 images/s, 90 s
epoch 2:  45%|####5     | 45/100 [00:12<01:02:14,  3.8step/s, loss 1.234, accuracy 45.0%, 276 images/s]"""


def test_an_empty_log_tells_nothing():
    assert told("") == told("some words\n") == Told(None, None, None)


def test_a_training_tells_share_time_and_speed():
    assert told(TRAINING) == Told(0.45, 3600 + 2 * 60 + 14, 276)


def test_without_a_bar_epochs_count():
    assert told(TRAINING.rpartition("\n")[0]) == Told(0.25, None, 150)


def test_a_bar_without_a_forecast():
    assert told(" 40%|####      | 2/5") == Told(0.4, None, None)
    assert told("test:   0%|          | 0/57 [00:00<?, ?batch/s]") == Told(0.0, None, None)


def test_measuring_at_the_end_of_a_training_does_not_begin_anew():
    ended = TRAINING.replace(" 45%|####5     | 45/", "100%|##########| 100/")
    assert told(f"{ended}\nval:  10%|#         | 1/10 [00:01<00:09]").share == 1.0


def test_a_study_counts_the_points_that_its_job_trains():
    # Of 5 points 3 are to be trained; one of them has ended, the next is at its half.
    log = "Study kernel-size: 5 points, 3 to train.\nepoch 1: 100%|##########| 9/9 [00:01<00:00]\n"
    log += "[3 of 5] study-kernel-size-3-s0: 50.0% of PublicTest, 9 s an epoch; about 0:00:20 left\n"
    assert told(log) == Told(1 / 3, None, None)
    assert told(log + "epoch 1:  50%|#####     | 5/10 [00:05<00:05, 70 images/s]") == Told(0.5, None, 70)
    assert told(log.partition("\n")[2] + "epoch 1:  50%|#####     |").share == 3.5 / 5  # of a log that was cut
