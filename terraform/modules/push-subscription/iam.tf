# Whose token a push carries; the function it goes to lets this account in and no other of Pub/Sub.
resource "google_service_account" "this" {
  project      = var.project
  account_id   = "${var.prefix}-push"
  display_name = "Slipway: push (${var.prefix})"
  description  = "Pub/Sub calls deliver-webhook with tokens of this account."
}

# Pub/Sub itself moves what fails to the dead letter.
resource "google_pubsub_topic_iam_member" "dead" {
  project = var.project
  topic   = google_pubsub_topic.dead.name
  role    = "roles/pubsub.publisher"
  member  = var.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "agent" {
  project      = var.project
  subscription = google_pubsub_subscription.this.name
  role         = "roles/pubsub.subscriber"
  member       = var.pubsub_agent
}
