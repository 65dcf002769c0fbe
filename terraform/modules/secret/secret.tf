resource "google_secret_manager_secret" "this" {
  project             = var.project
  secret_id           = "${var.prefix}-${var.name}"
  deletion_protection = var.deletion_protection

  replication {
    auto {}
  }
}

# Made while applying and kept by nobody but Secret Manager: a write-only argument stands in no plan and no state. Terraform makes
# it anew at each run, and sends it only when the version of it changes.
resource "google_secret_manager_secret_version" "value" {
  secret                 = google_secret_manager_secret.this.id
  secret_data_wo         = "${uuid()}${uuid()}"
  secret_data_wo_version = var.rotation
  # A rotation that was a mistake can be taken back: the value before is still there.
  deletion_policy = "DISABLE"

  lifecycle {
    # There is always a newest version that may be read.
    create_before_destroy = true
  }
}
