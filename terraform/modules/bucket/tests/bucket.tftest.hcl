variables {
  prefix  = "slip-way"
  project = "my-project"
  region  = "us-central1"

  retention = {
    files   = { days = 41, prefix = "files/" }
    objects = { days = 400 }
  }

  rights = {
    api           = { member = "serviceAccount:slip-way-api@my-project.iam.gserviceaccount.com", blobs = ["sign-upload", "sign-download", "size", "remove"] }
    intake        = { member = "serviceAccount:slip-way-intake@my-project.iam.gserviceaccount.com", blobs = ["size"] }
    downloads     = { member = "serviceAccount:slip-way-downloads@my-project.iam.gserviceaccount.com", blobs = ["sign-download"] }
    on-job-event  = { member = "serviceAccount:slip-way-on-job-event@my-project.iam.gserviceaccount.com", blobs = ["remove"] }
    without-files = { member = "serviceAccount:slip-way-sweep@my-project.iam.gserviceaccount.com", blobs = [] }
  }
}

run "is_private_and_forgets_what_is_deleted" {
  command = plan

  assert {
    condition     = google_storage_bucket.this.name == "my-project-slip-way-files"
    error_message = "That is not the bucket's name."
  }

  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && google_storage_bucket.this.uniform_bucket_level_access
    error_message = "An object could be made public."
  }

  assert {
    condition     = google_storage_bucket.this.soft_delete_policy[0].retention_duration_seconds == 0 && !google_storage_bucket.this.versioning[0].enabled
    error_message = "What was deleted would still be there."
  }

  assert {
    condition     = google_storage_bucket.this.force_destroy == false
    error_message = "A destroy must not delete files unless it was said."
  }
}

run "deletes_objects_and_files_at_their_ages_and_ends_unfinished_uploads" {
  command = plan

  assert {
    condition = {
      for rule in google_storage_bucket.this.lifecycle_rule :
      join(",", coalesce(one(rule.condition).matches_prefix, [])) => one(rule.condition).age if one(rule.action).type == "Delete"
    } == { "" = 400, "files/" = 41 }
    error_message = "The ages are not those of retention.json."
  }

  assert {
    condition = [
      for rule in google_storage_bucket.this.lifecycle_rule : one(rule.condition).age if one(rule.action).type == "AbortIncompleteMultipartUpload"
    ] == [7]
    error_message = "What an upload left half done must go after a week."
  }
}

run "takes_the_ages_from_the_generated_file_as_it_is" {
  command = plan

  variables {
    retention = {
      files   = { days = 41, prefix = "files/", why = "a reason" }
      objects = { days = 400, why = "a reason" }
    }
  }

  assert {
    condition     = length(google_storage_bucket.this.lifecycle_rule) == 3
    error_message = "Two ages and the end of unfinished uploads make three rules."
  }
}

run "each_function_gets_the_least_role_for_each_of_its_words" {
  command = apply

  assert {
    condition = { for key, member in google_storage_bucket_iam_member.function : key => member.role } == {
      "api/create"          = "roles/storage.objectCreator"
      "api/read"            = "roles/storage.objectViewer"
      "api/remove"          = "roles/storage.legacyBucketWriter"
      "intake/read"         = "roles/storage.objectViewer"
      "downloads/read"      = "roles/storage.legacyObjectReader"
      "on-job-event/remove" = "roles/storage.legacyBucketWriter"
    }
    error_message = "A function has a role too many, or one too few."
  }

  assert {
    condition     = google_storage_bucket_iam_member.function["intake/read"].member == "serviceAccount:slip-way-intake@my-project.iam.gserviceaccount.com"
    error_message = "The right went to another account."
  }

}

run "no_page_may_send_anything_unless_its_origin_is_named" {
  command = plan

  assert {
    condition     = length(google_storage_bucket.this.cors) == 0
    error_message = "There is CORS for nobody."
  }
}

run "a_named_page_may_send_exactly_what_is_signed_with_an_upload" {
  command = plan

  variables {
    cors_origins = ["https://app.example.com"]
  }

  assert {
    condition     = google_storage_bucket.this.cors[0].origin == tolist(["https://app.example.com"]) && google_storage_bucket.this.cors[0].method == tolist(["GET", "PUT"])
    error_message = "The page may not do what it needs."
  }

  assert {
    condition     = google_storage_bucket.this.cors[0].response_header == tolist(["Content-Type", "x-goog-content-length-range", "x-goog-if-generation-match"])
    error_message = "A browser refuses to send headers that are not allowed."
  }
}

run "refuses_an_origin_with_a_path" {
  command = plan

  variables {
    cors_origins = ["https://app.example.com/"]
  }

  expect_failures = [var.cors_origins]
}

run "refuses_a_right_that_grants_has_no_word_for" {
  command = plan

  variables {
    rights = { api = { member = "serviceAccount:a@b", blobs = ["list"] } }
  }

  expect_failures = [var.rights]
}

run "refuses_everybody_as_a_function" {
  command = plan

  variables {
    rights = { api = { member = "allUsers", blobs = ["size"] } }
  }

  expect_failures = [var.rights]
}

run "refuses_a_retention_that_forgets_what_failed_attempts_left" {
  command = plan

  variables {
    retention = { files = { days = 41, prefix = "files/" } }
  }

  expect_failures = [var.retention]
}

run "refuses_a_prefix_without_its_slash" {
  command = plan

  variables {
    retention = { files = { days = 41, prefix = "files" }, objects = { days = 400 } }
  }

  expect_failures = [var.retention]
}

run "refuses_part_of_a_day" {
  command = plan

  variables {
    retention = { objects = { days = 0.5 } }
  }

  expect_failures = [var.retention]
}
