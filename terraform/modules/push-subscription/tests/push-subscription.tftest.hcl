mock_provider "google" {}

variables {
  project      = "my-project"
  prefix       = "slipway"
  name         = "deliveries"
  topic        = "projects/my-project/topics/slipway-deliveries"
  endpoint     = "https://slipway-deliver-webhook-1.us-central1.run.app"
  pubsub_agent = "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"
}

run "never_expires_and_keeps_what_it_cannot_push" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.this.expiration_policy[0].ttl == "" && google_pubsub_subscription.dead.expiration_policy[0].ttl == ""
    error_message = "By itself a subscription goes after 31 days without a message, and what is published then with it."
  }

  assert {
    condition     = google_pubsub_subscription.this.dead_letter_policy[0].max_delivery_attempts == 10
    error_message = "What fails ten times goes to the dead letter."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.dead.role == "roles/pubsub.publisher" && google_pubsub_subscription_iam_member.agent.role == "roles/pubsub.subscriber"
    error_message = "Without both rights Pub/Sub drops nothing and moves nothing: the message comes for ever."
  }
}

run "pushes_with_a_token_for_the_function_alone" {
  assert {
    condition = google_pubsub_subscription.this.push_config[0].oidc_token[0].audience == var.endpoint && (
      google_pubsub_subscription.this.push_config[0].oidc_token[0].service_account_email == google_service_account.this.email
    )
    error_message = "The token must be of the account that the function lets in, and good for nothing else."
  }
}

run "refuses_what_pubsub_would_refuse" {
  command = plan

  variables {
    max_delivery_attempts = 3
    ack_deadline_seconds  = 5
    endpoint              = "http://example.com"
  }

  expect_failures = [var.max_delivery_attempts, var.ack_deadline_seconds, var.endpoint]
}
