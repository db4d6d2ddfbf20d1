from gated_attention import GatedSASRecConfig

from miqrec.testing import model_suite

test_gated_sasrec = model_suite(GatedSASRecConfig(dim=32, n_layers=1, max_length=30))
