"""The central experiments once more, from the papers' definitions alone: nothing here imports anything of snippets/ or scripts/."""
