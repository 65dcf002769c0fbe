output "email" {
  description = "The account's address, once it may read what is mounted: a job with a volume that it may not read is not made."
  value       = google_service_account.this.email

  depends_on = [google_storage_bucket_iam_member.weights]
}

output "member" {
  description = "The account as IAM names it."
  value       = google_service_account.this.member
}
