mock_provider "google" {}

variables {
  project = "my-project"
  prefix  = "slipway"
}

run "is_the_one_that_workers_are_known_by" {
  command = plan

  assert {
    condition     = google_service_account.this.account_id == "slipway-gpu-job"
    error_message = "The door knows workers by the account <prefix>-gpu-job."
  }

  assert {
    condition     = length(google_storage_bucket_iam_member.weights) == 0
    error_message = "Where nothing is mounted there is nothing to read."
  }
}

run "reads_each_bucket_that_is_mounted_and_no_more" {
  command = plan

  variables {
    pools = {
      folding   = { volumes = [{ bucket = "my-weights" }, { bucket = "my-references" }] }
      embedding = { volumes = [{ bucket = "my-weights" }] }
      texts     = {}
    }
  }

  assert {
    condition     = { for key, grant in google_storage_bucket_iam_member.weights : key => "${grant.role} on ${grant.bucket}" } == { my-weights = "roles/storage.objectViewer on my-weights", my-references = "roles/storage.objectViewer on my-references" }
    error_message = "Each bucket is read, once, and not written."
  }
}

run "a_bucket_as_an_address_is_refused" {
  command = plan

  variables {
    pools = { folding = { volumes = [{ bucket = "gs://my-weights/fold" }] } }
  }

  expect_failures = [var.pools]
}
