resource "google_pubsub_topic" "this" {
  project = var.project
  name    = "${var.prefix}-${var.name}"
}
