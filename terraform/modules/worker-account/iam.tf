# Model code runs as this account and can ask for its tokens: whatever is given to it is given to that code.
resource "google_storage_bucket_iam_member" "weights" {
  for_each = toset(flatten([for pool in values(var.pools) : pool.volumes[*].bucket]))

  bucket = each.key
  role   = "roles/storage.objectViewer"
  member = google_service_account.this.member
}
