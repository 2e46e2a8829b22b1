"""The Stripe double: a small program that plays Stripe's API over HTTP, for the demo and for tests."""
