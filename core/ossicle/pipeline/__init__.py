"""From a draft to a reply: plan, prepare, check, dispatch, deliver."""
