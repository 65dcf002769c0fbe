variables {
  address  = "https://slipway-sweep-123456789012.us-central1.run.app"
  prefix   = "slipway"
  project  = "my-project"
  region   = "us-central1"
  schedule = "* * * * *"
}

run "calls_sweep_each_minute_at_the_root_of_its_address" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.sweep.schedule == "* * * * *" && google_cloud_scheduler_job.sweep.time_zone == "Etc/UTC"
    error_message = "Sweep is called at other times than eventarc/routes.ts says."
  }

  assert {
    condition     = google_cloud_scheduler_job.sweep.http_target[0].http_method == "POST" && google_cloud_scheduler_job.sweep.http_target[0].uri == "https://slipway-sweep-123456789012.us-central1.run.app/"
    error_message = "That is not where sweep answers."
  }
}

run "shows_a_token_of_its_own_account_for_the_address_itself" {
  command = apply

  assert {
    condition     = google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].audience == "https://slipway-sweep-123456789012.us-central1.run.app"
    error_message = "Cloud Run takes a token for its own address only, without a slash."
  }

  assert {
    condition     = google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].service_account_email == google_service_account.this.email && google_service_account.this.account_id == "slipway-scheduler"
    error_message = "It calls as somebody else."
  }
}

run "waits_for_a_whole_sweep_and_does_not_repeat_it" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.sweep.attempt_deadline == "180s" && google_cloud_scheduler_job.sweep.retry_config[0].retry_count == 0
    error_message = "A sweep is cut off, or made again beside the next."
  }
}

run "refuses_an_address_with_a_slash_at_its_end" {
  command = plan

  variables {
    address = "https://slipway-sweep-123456789012.us-central1.run.app/"
  }

  expect_failures = [var.address]
}

run "refuses_a_schedule_that_is_not_crons" {
  command = plan

  variables {
    schedule = "every minute"
  }

  expect_failures = [var.schedule]
}
