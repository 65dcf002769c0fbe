resource "google_service_account" "build" {
  project      = var.project
  account_id   = "${var.prefix}-build"
  display_name = "${var.prefix}: build"
  description  = "Builds the images of Slipway in Cloud Build: reads the sources, writes images and its log."
}
