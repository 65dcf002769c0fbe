variables {
  project = "my-project"
}

run "enables_what_is_used_and_never_turns_it_off" {
  command = plan

  assert {
    condition = alltrue([
      for service in google_project_service.this : service.disable_on_destroy == false && service.project == "my-project"
    ])
    error_message = "A destroy must not turn off an API that others in the project may use."
  }

  assert {
    condition = length(setsubtract(
      toset(["run.googleapis.com", "eventarc.googleapis.com", "firestore.googleapis.com", "firebaserules.googleapis.com", "iamcredentials.googleapis.com"]),
      toset(keys(google_project_service.this))
    )) == 0
    error_message = "An API that every deployment needs is missing."
  }
}

run "each_agent_has_the_role_of_its_service_and_no_other" {
  command = plan

  assert {
    condition = { for name, member in google_project_iam_member.agent : name => member.role } == {
      build     = "roles/cloudbuild.serviceAgent"
      eventarc  = "roles/eventarc.serviceAgent"
      pubsub    = "roles/pubsub.serviceAgent"
      run       = "roles/run.serviceAgent"
      scheduler = "roles/cloudscheduler.serviceAgent"
    }
    error_message = "An agent has another role than the one Google gives it."
  }

  assert {
    condition     = toset(keys(google_project_service_identity.this)) == toset(keys(google_project_iam_member.agent))
    error_message = "An agent gets a role before it is made."
  }
}

run "the_number_and_the_agents_are_known_while_planning" {
  command = plan

  assert {
    condition     = can(regex("^[0-9]+$", output.project_number))
    error_message = "Addresses of functions are made of the project's number."
  }

  assert {
    condition     = output.pubsub_agent == "serviceAccount:service-${output.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "That is not the account of Pub/Sub."
  }

  assert {
    condition     = output.eventarc_agent == "serviceAccount:service-${output.project_number}@gcp-sa-eventarc.iam.gserviceaccount.com"
    error_message = "That is not the account of Eventarc."
  }

  assert {
    condition     = output.ready == "my-project"
    error_message = "What is made in the project takes its id from `ready`."
  }
}

run "waits_again_for_an_api_that_is_added_later" {
  command = plan

  variables {
    services = ["cloudbuild.googleapis.com", "cloudscheduler.googleapis.com", "eventarc.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com", "vision.googleapis.com"]
  }

  assert {
    condition     = strcontains(time_sleep.settle.triggers.services, "vision.googleapis.com")
    error_message = "The wait knows nothing of the API."
  }
}

run "refuses_the_name_of_a_project_in_the_place_of_its_id" {
  command = plan

  variables {
    project = "My Project"
  }

  expect_failures = [var.project]
}

run "refuses_services_without_those_whose_agents_it_makes" {
  command = plan

  variables {
    services = ["run.googleapis.com"]
  }

  expect_failures = [var.services]
}

run "refuses_the_short_name_of_an_api" {
  command = plan

  variables {
    services = ["cloudbuild.googleapis.com", "cloudscheduler.googleapis.com", "eventarc.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com", "vision"]
  }

  expect_failures = [var.services]
}

run "refuses_a_wait_that_is_too_short" {
  command = plan

  variables {
    settle_duration = "10s"
  }

  expect_failures = [var.settle_duration]
}
