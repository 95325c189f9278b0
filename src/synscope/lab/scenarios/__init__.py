"""One module a scenario, named like it with `_` for `-`; `stage.catalogue` says what each must hold."""
