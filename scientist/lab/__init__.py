"""Where experiment code runs: sandbox, supervisor, runner, kits. The code is not trusted."""
