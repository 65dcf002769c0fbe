resource "google_compute_network" "this" {
  project                 = var.project
  name                    = "${var.prefix}-egress"
  description             = "The way out of what calls addresses that users give. Nothing else may be put into it."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  project                  = var.project
  name                     = "${var.prefix}-egress"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.range
  private_ip_google_access = true
  stack_type               = "IPV4_ONLY"
}
