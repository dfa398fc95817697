"""The conformance kit: streams and models with known answers, runners of codecs, reports."""
