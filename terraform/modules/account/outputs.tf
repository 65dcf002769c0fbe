output "email" {
  description = "The account's address, once it has its roles."
  value       = google_service_account.this.email

  depends_on = [google_project_iam_member.this, google_service_account_iam_member.signs]
}

output "member" {
  description = "The account as IAM names it."
  value       = google_service_account.this.member
}
