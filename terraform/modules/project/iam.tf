# The roles that Google gives its own agents, minutes later; a first apply cannot wait for an unknown time.
resource "google_project_iam_member" "agent" {
  for_each = local.agents

  project = var.project
  role    = each.value.role
  member  = local.members[each.key]

  depends_on = [time_sleep.agents]
}
