mock_provider "google" {}

variables {
  project = "my-project"
  prefix  = "slipway"
  name    = "dispatch-nudges"
  account = "slipway-events@my-project.iam.gserviceaccount.com"
  service = { name = "slipway-dispatch", region = "us-central1" }
}

run "of_a_topic_lies_where_the_function_runs" {
  command = plan

  variables {
    topic = "projects/my-project/topics/slipway-nudges"
  }

  assert {
    condition     = google_eventarc_trigger.this.location == "us-central1" && google_eventarc_trigger.this.transport[0].pubsub[0].topic == "projects/my-project/topics/slipway-nudges"
    error_message = "It takes the topic's messages, in the function's region."
  }

  assert {
    condition     = one(google_eventarc_trigger.this.matching_criteria).value == "google.cloud.pubsub.topic.v1.messagePublished"
    error_message = "Its one criterion is the type."
  }
}

run "of_documents_matches_by_pattern_and_lies_where_the_database_does" {
  command = plan

  variables {
    document = { database = "(default)", database_uid = "a-uid", location = "nam5", path = "jobs/{jobId}/events/{seq}" }
  }

  assert {
    condition     = google_eventarc_trigger.this.location == "nam5" && google_eventarc_trigger.this.event_data_content_type == "application/protobuf"
    error_message = "A trigger elsewhere is refused, and JSON is not what the decoder is for."
  }

  assert {
    condition     = one([for one in google_eventarc_trigger.this.matching_criteria : one.operator if one.attribute == "document"]) == "match-path-pattern"
    error_message = "Without the operator the trigger never matches."
  }

  assert {
    condition     = one([for one in google_eventarc_trigger.this.matching_criteria : one.value if one.attribute == "type"]) == "google.cloud.firestore.document.v1.created"
    error_message = "Events are documents that are created, and never changed ones: settling an event changes it."
  }
}

run "of_documents_knows_which_database_of_that_name_it_is_of" {
  command = plan

  variables {
    document = { database = "(default)", database_uid = "another-uid", location = "nam5", path = "jobs/{jobId}/events/{seq}" }
  }

  assert {
    condition     = terraform_data.criteria.input.database == "another-uid"
    error_message = "A trigger on a deleted database hears nothing of the one that has its name now."
  }
}

run "of_documents_is_watched_though_its_subscription_is_not_told" {
  variables {
    document = { database = "(default)", database_uid = "a-uid", location = "us-central1", path = "jobs/{jobId}/events/{seq}" }
  }

  assert {
    condition     = output.subscription == "eventarc-us-central1-slipway-dispatch-nudges-.+"
    error_message = "What is not told must be looked for by how Eventarc names it."
  }
}

run "is_of_one_thing" {
  command = plan

  expect_failures = [var.topic]
}
