variables {
  prefix  = "slipway"
  project = "my-project"
  region  = "us-central1"
  deployers = {
    ci = "serviceAccount:ci@my-project.iam.gserviceaccount.com"
  }
}

run "names_everything_by_the_prefix" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.this.repository_id == "slipway" && google_service_account.build.account_id == "slipway-build"
    error_message = "The names do not begin with the prefix."
  }

  assert {
    condition     = google_storage_bucket.sources.name == "my-project-slipway-build"
    error_message = "That is not the bucket that npm run deploy writes sources to."
  }

  assert {
    condition     = output.url == "us-central1-docker.pkg.dev/my-project/slipway"
    error_message = "Images are named below that."
  }
}

run "a_tag_is_of_one_image_for_good" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.this.docker_config[0].immutable_tags
    error_message = "A tag can be put on another image."
  }
}

run "deletes_what_has_no_tag_and_is_old_but_never_the_newest" {
  command = plan

  assert {
    condition = one([
      for policy in google_artifact_registry_repository.this.cleanup_policies : policy.most_recent_versions[0].keep_count if policy.action == "KEEP"
    ]) == 10
    error_message = "The newest versions are not kept."
  }

  assert {
    condition = one([
      for policy in google_artifact_registry_repository.this.cleanup_policies : policy.condition[0] if policy.action == "DELETE"
    ]).older_than == "2592000s"
    error_message = "Untagged versions must go at 30 days, in seconds as the API answers them: otherwise each plan shows a change."
  }

  assert {
    condition = one([
      for policy in google_artifact_registry_repository.this.cleanup_policies : policy.condition[0] if policy.action == "DELETE"
    ]).tag_state == "UNTAGGED"
    error_message = "A tagged version must stay."
  }
}

run "the_build_account_writes_images_and_its_log_and_reads_sources" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository_iam_member.build.role == "roles/artifactregistry.writer"
    error_message = "The build must write images, and to this repository alone."
  }

  assert {
    condition     = google_project_iam_member.build_log.role == "roles/logging.logWriter"
    error_message = "On the project it may write its log, and nothing else."
  }

  assert {
    condition     = google_storage_bucket_iam_member.build.role == "roles/storage.objectViewer" && google_storage_bucket_iam_member.build.bucket == "my-project-slipway-build"
    error_message = "It must read the sources, and only those."
  }
}

run "only_named_deployers_act_as_the_build_account" {
  command = plan

  assert {
    condition = { for name, member in google_service_account_iam_member.deployer : name => "${member.role} ${member.member}" } == {
      ci = "roles/iam.serviceAccountUser serviceAccount:ci@my-project.iam.gserviceaccount.com"
    }
    error_message = "Somebody else may act as the build account."
  }

}

run "sources_are_private_and_gone_after_a_week" {
  command = plan

  assert {
    condition     = google_storage_bucket.sources.public_access_prevention == "enforced" && google_storage_bucket.sources.uniform_bucket_level_access
    error_message = "The bucket could be made public."
  }

  assert {
    condition     = one(google_storage_bucket.sources.lifecycle_rule[0].condition).age == 7
    error_message = "Sources must go after a week."
  }
}

run "refuses_a_deployer_that_is_no_member" {
  command = plan

  variables {
    deployers = { ada = "ada@example.com" }
  }

  expect_failures = [var.deployers]
}

run "refuses_a_prefix_that_is_too_long_for_accounts" {
  command = plan

  variables {
    prefix = "slipway-for-everybody"
  }

  expect_failures = [var.prefix]
}

run "refuses_a_multi_region" {
  command = plan

  variables {
    region = "us"
  }

  expect_failures = [var.region]
}

run "refuses_to_keep_only_the_version_in_use" {
  command = plan

  variables {
    keep_versions = 1
  }

  expect_failures = [var.keep_versions]
}

run "refuses_part_of_a_day" {
  command = plan

  variables {
    delete_untagged_after_days = 0.5
  }

  expect_failures = [var.delete_untagged_after_days]
}
