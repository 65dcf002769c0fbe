resource "google_service_account" "this" {
  project      = var.project
  account_id   = "${var.prefix}-scheduler"
  display_name = "${var.prefix}: scheduler"
  description  = "Calls sweep each minute, and may do nothing else."
}
