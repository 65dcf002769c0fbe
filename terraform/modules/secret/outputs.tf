output "secret_id" {
  description = "The secret's name, given out when it has a value and its accessors may read it."
  value       = google_secret_manager_secret.this.secret_id

  depends_on = [
    google_secret_manager_secret_iam_member.accessor,
    google_secret_manager_secret_version.value,
  ]
}

output "version_id" {
  description = "The version that Terraform made last. The functions read the newest that there is, which may be a later one."
  value       = google_secret_manager_secret_version.value.id
}
