output "build_account" {
  description = "The account that builds run as, by address: may write images, its log, and read the sources."
  value       = google_service_account.build.email

  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_log,
    google_service_account_iam_member.deployer,
    google_storage_bucket_iam_member.build,
  ]
}

output "sources_bucket" {
  description = "The bucket that a build's sources are put into."
  value       = google_storage_bucket.sources.name
  depends_on  = [google_storage_bucket_iam_member.build]
}

output "url" {
  description = "What an image's name begins with, without the slash after it."
  value       = "${google_artifact_registry_repository.this.location}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this.repository_id}"
}
