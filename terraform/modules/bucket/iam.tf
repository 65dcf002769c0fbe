locals {
  roles = {
    for function, right in var.rights : function => merge(
      contains(right.blobs, "sign-upload") ? { create = "roles/storage.objectCreator" } : {},
      contains(right.blobs, "size") ? { read = "roles/storage.objectViewer" } : (
        contains(right.blobs, "sign-download") ? { read = "roles/storage.legacyObjectReader" } : {}
      ),
      contains(right.blobs, "remove") ? { remove = google_project_iam_custom_role.remover.id } : {},
    )
  }

  grants = merge([
    for function, roles in local.roles : {
      for what, role in roles : "${function}/${what}" => { role = role, member = var.rights[function].member }
    }
  ]...)
}

# Every predefined role that may delete may also write or read. Whoever may not list is answered 403 for an object that is not there,
# and not the 404 by which a second removal knows that it was done.
resource "google_project_iam_custom_role" "remover" {
  project     = var.project
  role_id     = "${replace(var.prefix, "-", "_")}_blob_remover"
  title       = "${var.prefix}: remove files and artifacts"
  description = "Deletes objects, and can neither read nor write them."
  permissions = ["storage.objects.delete", "storage.objects.list"]
}

resource "google_storage_bucket_iam_member" "function" {
  for_each = local.grants

  bucket = google_storage_bucket.this.name
  role   = each.value.role
  member = each.value.member
}
