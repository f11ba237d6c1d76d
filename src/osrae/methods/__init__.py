"""The method, and the estimators made of it."""
