"""The ground floor: data, errors, seeds and registries. Imports no other room of ours."""
