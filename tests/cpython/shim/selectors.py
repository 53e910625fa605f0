"""`selectors`: the companion of `mod.ts` by that name."""
