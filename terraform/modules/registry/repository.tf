resource "google_artifact_registry_repository" "this" {
  project       = var.project
  location      = var.region
  repository_id = var.prefix
  description   = "Images of Slipway: a package for each function and each pool."
  format        = "DOCKER"

  # A tag is of a content: whoever would push another under it, of a second build of the same, is refused.
  docker_config {
    immutable_tags = true
  }

  # What any policy keeps is kept, whatever else would delete it.
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.keep_versions
    }
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED"
      older_than = "${var.delete_untagged_after_days * 24 * 3600}s"
    }
  }
}
