resource "google_pubsub_subscription" "this" {
  project = var.project
  name    = "${var.prefix}-${var.name}"
  topic   = var.topic

  # How long a push may take to be answered, and an unanswered message is kept.
  ack_deadline_seconds       = var.ack_deadline_seconds
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = var.endpoint

    oidc_token {
      service_account_email = google_service_account.this.email
      audience              = var.endpoint
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = var.max_delivery_attempts
  }

  # A deployment that rests for a month is still one.
  expiration_policy {
    ttl = ""
  }

  depends_on = [google_pubsub_topic_iam_member.dead]
}

resource "google_pubsub_topic" "dead" {
  project = var.project
  name    = "${var.prefix}-${var.name}-dead"
}

# What nobody subscribes to is lost, and a subscription that nobody reads would go after 31 days.
resource "google_pubsub_subscription" "dead" {
  project = var.project
  name    = "${var.prefix}-${var.name}-dead"
  topic   = google_pubsub_topic.dead.id

  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }
}
