output "email" {
  description = "The account that calls sweep, by address: for SLIPWAY_CALLERS of sweep."
  value       = google_service_account.this.email
}

output "job" {
  description = "The job's name, for gcloud scheduler jobs run."
  value       = google_cloud_scheduler_job.sweep.name
}

output "member" {
  description = "The same account as a member of IAM policies: it needs the right to invoke sweep."
  value       = google_service_account.this.member
}
