output "name" {
  description = "The bucket's name, SLIPWAY_BUCKET of the functions. They take it from here, and so start with their rights."
  value       = google_storage_bucket.this.name
  depends_on  = [google_storage_bucket_iam_member.function]
}

output "url" {
  description = "The bucket as gcloud storage takes it."
  value       = google_storage_bucket.this.url
  depends_on  = [google_storage_bucket_iam_member.function]
}
