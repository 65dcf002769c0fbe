# What the root refuses, and what it gives out. What it makes of routes, grants and variables is held against the code by test/terraform.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "google-beta" {}
mock_provider "time" {}

variables {
  project = "my-project"
  prefix  = "slipway"
  regions = ["us-central1", "europe-west4"]

  images = {
    functions = { for name in ["api", "intake", "dispatch", "worker", "on-job-event", "deliver-webhook", "sweep"] : name =>
      "us-central1-docker.pkg.dev/my-project/slipway/function-${name}@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }
    pools = { for name in ["chemistry", "documents"] : name =>
      "us-central1-docker.pkg.dev/my-project/slipway/pool-${name}@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }
  }
}

run "says_what_a_person_needs_next" {
  command = plan

  variables {
    tenants = { acme = { publishers = ["serviceAccount:jobs@acme.iam.gserviceaccount.com"] } }
  }

  assert {
    condition     = output.api_url == "https://slipway-api-123456789012.us-central1.run.app"
    error_message = "The address of the api is known before it is there."
  }

  assert {
    condition     = output.first_key_command == "npm run --silent first-key -- --project my-project --database '(default)' --tenant ops"
    error_message = "The first key is made by a command that can be copied as it is."
  }

  assert {
    condition     = keys(output.topics.requests) == ["acme"] && keys(output.topics.events) == ["acme"]
    error_message = "A tenant has a topic for its requests and one for the ends of its jobs."
  }

  assert {
    condition     = output.receiver_url == null && output.sign_in == null
    error_message = "What was not asked for is not there."
  }
}

run "brings_no_requests_where_no_tenant_publishes" {
  command = plan

  assert {
    condition     = join(" ", keys(module.trigger)) == "dispatch-nudges on-job-event-events on-job-event-jobs-events"
    error_message = "Without tenants there are the triggers on nudges, on events and on documents."
  }
}

run "refuses_zones_and_names_that_would_be_too_long" {
  command = plan

  variables {
    regions = ["us-central1-a"]
    prefix  = "a-prefix-of-sixteen"
  }

  expect_failures = [var.regions, var.prefix]
}

run "refuses_a_deployment_that_lacks_an_image" {
  command = plan

  variables {
    smoke_receiver = true
    images         = { functions = {}, pools = {} }
  }

  expect_failures = [var.images]
}

run "refuses_tenants_that_are_none_and_members_that_are_addresses" {
  command = plan

  variables {
    tenants       = { Acme = { publishers = ["jobs@acme.iam.gserviceaccount.com"] } }
    max_instances = { apy = 3 }
  }

  expect_failures = [var.tenants, var.max_instances]
}
