"""Pre-training of S3-Rec: four objectives on masked prefixes of the training items."""
