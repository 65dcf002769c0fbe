resource "google_service_account" "this" {
  project      = var.project
  account_id   = "${var.prefix}-${var.name}"
  display_name = "Slipway: ${var.name} (${var.prefix})"
  description  = var.description
}

resource "google_project_iam_member" "this" {
  for_each = var.roles

  project = var.project
  role    = each.key
  member  = google_service_account.this.member

  dynamic "condition" {
    for_each = each.value == null ? [] : [each.value]

    content {
      title      = condition.value.title
      expression = condition.value.expression
    }
  }
}

# What is signed with the account's key is signed by IAM, which asks for the right to, even of the account itself.
resource "google_service_account_iam_member" "signs" {
  count = var.signs ? 1 : 0

  service_account_id = google_service_account.this.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.this.member
}
