mock_provider "google" {}

variables {
  project  = "my-project"
  location = "us-central1"
  rules    = "service cloud.firestore {}"
}

run "keeps_what_was_and_refuses_to_be_deleted" {
  command = plan

  assert {
    condition     = google_firestore_database.this.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    error_message = "Without point-in-time recovery a mistaken write is for good."
  }

  assert {
    condition     = google_firestore_database.this.delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.this.deletion_policy == "ABANDON"
    error_message = "A protected database must neither be deletable nor be deleted."
  }

  assert {
    condition     = google_firebaserules_release.this.name == "cloud.firestore"
    error_message = "The default database's rules are released as cloud.firestore."
  }

  assert {
    condition     = output.access.expression == "resource.name == \"projects/my-project/databases/(default)\""
    error_message = "Roles must hold for this database alone."
  }
}

run "indexes_no_single_field_of_jobs" {
  command = plan

  assert {
    condition     = google_firestore_field.jobs_all.field == "*" && length(google_firestore_field.jobs_all.index_config[0].indexes) == 0
    error_message = "A time that is indexed by itself bounds jobs to 500 writes a second."
  }

  assert {
    condition     = [for field in google_firestore_index.jobs_queues_state_rank.fields : field.field_path] == ["queues", "state", "rank", "__name__"]
    error_message = "A claim asks for the queue, the state and the rank."
  }
}

run "releases_the_rules_by_their_full_name" {
  assert {
    condition     = google_firebaserules_release.this.ruleset_name == "projects/my-project/rulesets/${google_firebaserules_ruleset.this.name}"
    error_message = "A release is told its rules by project and name; the provider knows the name alone."
  }
}

run "an_unprotected_one_goes_when_it_is_destroyed" {
  command = plan

  variables {
    name      = "slipway-dev"
    protected = false
  }

  assert {
    condition     = google_firestore_database.this.delete_protection_state == "DELETE_PROTECTION_DISABLED" && google_firestore_database.this.deletion_policy == "DELETE"
    error_message = "What is not protected must not be left behind."
  }

  assert {
    condition     = google_firebaserules_release.this.name == "cloud.firestore/slipway-dev"
    error_message = "A named database has its rules under its own name."
  }
}

run "rules_must_be_a_text" {
  command = plan

  variables {
    rules = "firestore.rules"
  }

  expect_failures = [var.rules]
}
