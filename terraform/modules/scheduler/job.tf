resource "google_cloud_scheduler_job" "sweep" {
  project     = var.project
  region      = var.region
  name        = "${var.prefix}-sweep"
  description = "Finds what is due and what was forgotten, and has it done."
  schedule    = var.schedule
  time_zone   = "Etc/UTC"

  # Sweep begins calls for a minute, each of which may take one, and has one more to write down how it went.
  attempt_deadline = "180s"

  # What is not done now is found by the next run, a minute later, which looks at everything anew.
  retry_config {
    retry_count = 0
  }

  http_target {
    uri         = "${var.address}/"
    http_method = "POST"

    oidc_token {
      service_account_email = google_service_account.this.email
      audience              = var.address
    }
  }
}
