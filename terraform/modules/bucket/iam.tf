locals {
  roles = {
    for function, right in var.rights : function => merge(
      contains(right.blobs, "sign-upload") ? { create = "roles/storage.objectCreator" } : {},
      contains(right.blobs, "size") ? { read = "roles/storage.objectViewer" } : (
        contains(right.blobs, "sign-download") ? { read = "roles/storage.legacyObjectReader" } : {}
      ),
      contains(right.blobs, "remove") ? { remove = "roles/storage.legacyBucketWriter" } : {},
    )
  }

  grants = merge([
    for function, roles in local.roles : {
      for what, role in roles : "${function}/${what}" => { role = role, member = var.rights[function].member }
    }
  ]...)
}

resource "google_storage_bucket_iam_member" "function" {
  for_each = local.grants

  bucket = google_storage_bucket.this.name
  role   = each.value.role
  member = each.value.member
}
