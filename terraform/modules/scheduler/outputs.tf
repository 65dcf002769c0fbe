output "member" {
  description = "The same account as a member of IAM policies: it needs the right to invoke sweep."
  value       = google_service_account.this.member
}
