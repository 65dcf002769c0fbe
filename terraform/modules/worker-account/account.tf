resource "google_service_account" "this" {
  project      = var.project
  account_id   = "${var.prefix}-gpu-job"
  display_name = "Slipway: gpu-job (${var.prefix})"
  description  = "Runs the workers of all pools. Calls functions/worker and reads the weights that pools mount, and nothing else."
}
