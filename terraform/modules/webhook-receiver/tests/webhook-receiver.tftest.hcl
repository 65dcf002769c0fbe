variables {
  image   = "us-central1-docker.pkg.dev/my-project/slipway-dev/receiver@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  prefix  = "slipway-dev"
  project = "my-project"
  address = "https://slipway-dev-receiver-123456789012.us-central1.run.app"
  region  = "us-central1"
}

run "an_open_service_of_one_instance" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.receiver.name == "slipway-dev-receiver" && google_cloud_run_v2_service.receiver.location == "us-central1"
    error_message = "The service is not where its address says."
  }
  assert {
    condition     = google_cloud_run_v2_service.receiver.invoker_iam_disabled && google_cloud_run_v2_service.receiver.ingress == "INGRESS_TRAFFIC_ALL"
    error_message = "Webhooks cannot come in."
  }
  assert {
    condition     = google_cloud_run_v2_service.receiver.template[0].scaling[0].min_instance_count == 0 && google_cloud_run_v2_service.receiver.template[0].scaling[0].max_instance_count == 1
    error_message = "It has to be one instance at the most, and none while nobody asks."
  }
  assert {
    condition     = google_cloud_run_v2_service.receiver.template[0].containers[0].image == var.image
    error_message = "Another image runs than the one that was given."
  }
  assert {
    condition     = !google_cloud_run_v2_service.receiver.deletion_protection
    error_message = "It cannot be destroyed."
  }
}

run "an_account_of_its_own" {
  command = plan

  assert {
    condition     = google_service_account.receiver.account_id == "slipway-dev-receiver"
    error_message = "The service has no account of its own."
  }
}

run "runs_as_its_account" {
  command = apply

  assert {
    condition     = google_cloud_run_v2_service.receiver.template[0].service_account == google_service_account.receiver.email
    error_message = "It runs as another account."
  }
}

run "an_image_without_a_digest_is_refused" {
  command = plan
  variables {
    image = "us-central1-docker.pkg.dev/my-project/slipway-dev/receiver:latest"
  }
  expect_failures = [var.image]
}

run "a_prefix_that_is_too_long_is_refused" {
  command = plan
  variables {
    prefix = "slipway-staging"
  }
  expect_failures = [var.prefix]
}
