resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = var.accessors

  project   = var.project
  secret_id = google_secret_manager_secret.this.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}
