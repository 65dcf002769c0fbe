mock_provider "google" {}

variables {
  project = "my-project"
  prefix  = "slipway"
  name    = "nudges"
}

run "lets_those_publish_who_are_named_and_nobody_else" {
  command = plan

  variables {
    publishers  = { api = "serviceAccount:slipway-api@my-project.iam.gserviceaccount.com" }
    subscribers = { acme = "serviceAccount:jobs@acme.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_pubsub_topic.this.name == "slipway-nudges"
    error_message = "A topic is named as the functions look for it: the prefix, a hyphen, the topic."
  }

  assert {
    condition     = length(google_pubsub_topic_iam_member.publishers) == 1 && google_pubsub_topic_iam_member.publishers["api"].role == "roles/pubsub.publisher"
    error_message = "One may publish."
  }

  assert {
    condition     = length(google_pubsub_topic_iam_member.subscribers) == 1 && google_pubsub_topic_iam_member.subscribers["acme"].role == "roles/pubsub.subscriber"
    error_message = "One may subscribe."
  }
}

run "is_not_for_everybody" {
  command = plan

  variables {
    publishers = { all = "allUsers" }
  }

  expect_failures = [var.publishers]
}
