variables {
  name    = "idempotency-pepper"
  prefix  = "slipway"
  project = "my-project"

  accessors = {
    api    = "serviceAccount:slipway-api@my-project.iam.gserviceaccount.com"
    intake = "serviceAccount:slipway-intake@my-project.iam.gserviceaccount.com"
  }
}

run "is_called_as_the_code_asks_for_it" {
  command = plan

  assert {
    condition     = output.secret_id == "slipway-idempotency-pepper"
    error_message = "cloud/secrets.ts reads <prefix>-<name>."
  }
}

run "only_its_accessors_may_read_it" {
  command = plan

  assert {
    condition = { for name, member in google_secret_manager_secret_iam_member.accessor : name => "${member.role} ${member.member}" } == {
      api    = "roles/secretmanager.secretAccessor serviceAccount:slipway-api@my-project.iam.gserviceaccount.com"
      intake = "roles/secretmanager.secretAccessor serviceAccount:slipway-intake@my-project.iam.gserviceaccount.com"
    }
    error_message = "Somebody else may read it, or an accessor may not."
  }
}

run "is_made_with_a_value_that_no_state_holds" {
  command = apply

  assert {
    condition     = google_secret_manager_secret_version.value.secret_data_wo == null && google_secret_manager_secret_version.value.secret_data == null
    error_message = "The value stands in the state."
  }

  assert {
    condition     = google_secret_manager_secret_version.value.secret_data_wo_version == 1
    error_message = "There is no first value."
  }
}

run "keeps_its_value_at_each_further_apply" {
  command = plan

  assert {
    condition     = google_secret_manager_secret_version.value.id == run.is_made_with_a_value_that_no_state_holds.version_id
    error_message = "A plan without a change would make a new value."
  }
}

run "disables_the_value_before_a_rotation_and_does_not_destroy_it" {
  command = plan

  variables {
    rotation = 2
  }

  assert {
    condition     = google_secret_manager_secret_version.value.secret_data_wo_version == 2 && google_secret_manager_secret_version.value.deletion_policy == "DISABLE"
    error_message = "A rotation cannot be taken back."
  }
}

run "is_protected_unless_it_was_said" {
  command = plan

  assert {
    condition     = google_secret_manager_secret.this.deletion_protection
    error_message = "A destroy would take the secret with it."
  }
}

run "refuses_everybody_as_an_accessor" {
  command = plan

  variables {
    accessors = { all = "allUsers" }
  }

  expect_failures = [var.accessors]
}

run "refuses_a_name_that_is_no_name" {
  command = plan

  variables {
    name = "Idempotency_Pepper"
  }

  expect_failures = [var.name]
}

run "refuses_a_rotation_below_the_first" {
  command = plan

  variables {
    rotation = 0
  }

  expect_failures = [var.rotation]
}
