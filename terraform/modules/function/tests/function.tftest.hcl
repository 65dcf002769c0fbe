mock_provider "google" {}

variables {
  project     = "my-project"
  prefix      = "slipway"
  name        = "dispatch"
  region      = "us-central1"
  address     = "https://slipway-dispatch-123456789012.us-central1.run.app"
  account     = "slipway-dispatch@my-project.iam.gserviceaccount.com"
  image       = "us-central1-docker.pkg.dev/my-project/slipway/function-dispatch@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  environment = { GOOGLE_CLOUD_PROJECT = "my-project" }
  limits      = { cpu = 1, memory_mib = 512, concurrency = 20, timeout_seconds = 60, max_instances = 3 }
}

run "rests_at_nothing_and_is_called_by_those_who_are_named" {
  command = plan

  variables {
    invokers = { events = "serviceAccount:slipway-events@my-project.iam.gserviceaccount.com" }
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].scaling[0].min_instance_count == 0 && google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle
    error_message = "Nothing is always on."
  }

  assert {
    condition     = google_cloud_run_v2_service.this.invoker_iam_disabled == false && length(google_cloud_run_v2_service_iam_member.invokers) == 1
    error_message = "One may call."
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].service_account == var.account
    error_message = "As no account it would run as the project's default one, which may edit everything."
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 20
    error_message = "By itself a service takes 80 requests at once, and a function of Google's takes one."
  }
}

run "is_public_by_its_own_check_alone" {
  command = plan

  variables {
    public = true
  }

  assert {
    condition     = google_cloud_run_v2_service.this.invoker_iam_disabled && length(google_cloud_run_v2_service_iam_member.invokers) == 0
    error_message = "Where everybody may call, no account is named."
  }
}

run "does_not_log_addresses_that_let_their_holder_in" {
  command = plan

  variables {
    secret_addresses = "[?&]token="
  }

  assert {
    condition     = strcontains(google_logging_project_exclusion.secret_addresses[0].filter, "service_name = \"slipway-dispatch\"") && strcontains(google_logging_project_exclusion.secret_addresses[0].filter, "requestUrl =~ \"[?&]token=\"")
    error_message = "Requests of this service alone are left out, and of it those alone that hold a secret."
  }

  assert {
    condition     = google_logging_project_exclusion.secret_addresses[0].filter == trimspace(google_logging_project_exclusion.secret_addresses[0].filter)
    error_message = "Google trims what it keeps, and each plan would have a change."
  }
}

run "sends_through_the_network_that_it_is_given" {
  command = plan

  variables {
    egress  = { network = "slipway", subnetwork = "slipway" }
    startup = "/startup"
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].http_get[0].path == "/startup"
    error_message = "The way through a network may take a minute to open, and requests must not come before."
  }

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "ALL_TRAFFIC"
    error_message = "What goes past the network goes past its firewall."
  }
}

run "refuses_everybody_as_a_caller" {
  command = plan

  variables {
    invokers = { all = "allUsers" }
  }

  expect_failures = [var.invokers]
}

run "refuses_callers_of_what_is_public" {
  command = plan

  variables {
    public   = true
    invokers = { events = "serviceAccount:slipway-events@my-project.iam.gserviceaccount.com" }
  }

  expect_failures = [var.public]
}

run "refuses_an_image_that_may_change_and_limits_that_cloud_run_refuses" {
  command = plan

  variables {
    image  = "us-central1-docker.pkg.dev/my-project/slipway/function-dispatch:latest"
    limits = { cpu = 0.5, memory_mib = 512, concurrency = 20, timeout_seconds = 7200, max_instances = 3 }
  }

  expect_failures = [var.image, var.limits]
}
