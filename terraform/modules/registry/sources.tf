# What a build is made of: written by whoever deploys, read once by the build, and of no use after it.
resource "google_storage_bucket" "sources" {
  project  = var.project
  name     = "${var.project}-${var.prefix}-build"
  location = var.region

  force_destroy               = true
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      age = 7
    }
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }
}
