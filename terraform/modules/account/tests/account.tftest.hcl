mock_provider "google" {}

variables {
  project     = "my-project"
  prefix      = "slipway"
  name        = "api"
  description = "Runs functions/api."
}

run "has_its_roles_under_their_conditions_and_no_others" {
  command = plan

  variables {
    roles = {
      "roles/datastore.user"          = { title = "one database", expression = "resource.name == \"x\"" }
      "roles/monitoring.metricWriter" = null
    }
  }

  assert {
    condition     = google_service_account.this.account_id == "slipway-api"
    error_message = "An account is named for what runs as it."
  }

  assert {
    condition     = google_project_iam_member.this["roles/datastore.user"].condition[0].expression == "resource.name == \"x\""
    error_message = "A condition that is left out makes a role hold for every database."
  }

  assert {
    condition     = length(google_project_iam_member.this) == 2 && length(google_project_iam_member.this["roles/monitoring.metricWriter"].condition) == 0
    error_message = "Two roles were given, one of them without a condition."
  }

  assert {
    condition     = length(google_service_account_iam_member.signs) == 0
    error_message = "It may not sign unless it has to."
  }
}

run "signs_as_itself_alone" {
  variables {
    signs = true
  }

  assert {
    condition     = google_service_account_iam_member.signs[0].service_account_id == google_service_account.this.name && google_service_account_iam_member.signs[0].member == google_service_account.this.member
    error_message = "The right to sign must be the account's on the account."
  }
}

run "refuses_roles_that_are_too_wide" {
  command = plan

  variables {
    roles = { "roles/editor" = null }
  }

  expect_failures = [var.roles]
}

run "refuses_a_prefix_that_would_make_too_long_a_name" {
  command = plan

  variables {
    prefix = "a-prefix-of-sixteen"
  }

  expect_failures = [var.prefix]
}
