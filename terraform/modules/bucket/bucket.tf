resource "google_storage_bucket" "this" {
  project  = var.project
  name     = "${var.project}-${var.prefix}-files"
  location = var.region

  force_destroy               = var.force_destroy
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  # What a tenant deletes, or what its retention ends, is gone: kept for a week by the bucket it would neither be gone nor free.
  soft_delete_policy {
    retention_duration_seconds = 0
  }

  versioning {
    enabled = false
  }

  dynamic "lifecycle_rule" {
    for_each = var.retention

    content {
      action {
        type = "Delete"
      }

      condition {
        age            = lifecycle_rule.value.days
        matches_prefix = lifecycle_rule.value.prefix == null ? null : [lifecycle_rule.value.prefix]
      }
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }

    condition {
      age = 7
    }
  }

  dynamic "cors" {
    for_each = length(var.cors_origins) == 0 ? [] : [sort(var.cors_origins)]

    content {
      origin = cors.value
      method = ["GET", "PUT"]
      # Those that are signed with an upload (cloud/storage.ts): a page must send exactly these.
      response_header = ["Content-Type", "x-goog-content-length-range", "x-goog-if-generation-match"]
      max_age_seconds = 3600
    }
  }
}
