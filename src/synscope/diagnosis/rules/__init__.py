"""One module a finding, named like its code with `_` for `-`; `registry` says what each must hold."""
