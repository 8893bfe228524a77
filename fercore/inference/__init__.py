"""From pictures to answers: faces are found, cropped as FER2013's are, and given to a run's model."""
