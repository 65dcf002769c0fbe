resource "google_project_service" "this" {
  for_each = var.services

  project = var.project
  service = each.key
  # Others may use them in this project, and turning one off deletes what it holds.
  disable_on_destroy = false
}
