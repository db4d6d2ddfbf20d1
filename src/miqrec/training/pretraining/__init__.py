"""S3-Rec's pre-training: four objectives on masked prefixes of the training items."""
