resource "google_compute_network" "this" {
  project                 = var.project
  name                    = "${var.prefix}-egress"
  description             = "The way out of what calls addresses that users give. Nothing else may be put into it."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  project = var.project
  name    = "${var.prefix}-egress"
  region  = var.region
  network = google_compute_network.this.id
  # Cloud Run takes addresses in blocks of 16, a few for each instance. Nothing else is in this network, so any range does.
  ip_cidr_range            = "10.124.0.0/24"
  private_ip_google_access = true
  stack_type               = "IPV4_ONLY"
}
