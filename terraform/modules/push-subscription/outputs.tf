output "dead_letter_subscription" {
  description = "Where what could not be pushed waits for somebody to look, for a month."
  value       = google_pubsub_subscription.dead.name

  depends_on = [google_pubsub_subscription_iam_member.agent]
}

output "member" {
  description = "The account that pushes, as IAM names it."
  value       = google_service_account.this.member
}

output "subscription" {
  description = "The subscription's name in the project."
  value       = google_pubsub_subscription.this.name
}
