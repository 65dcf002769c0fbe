resource "google_compute_address" "this" {
  project      = var.project
  name         = "${var.prefix}-egress"
  description  = "Where the webhooks of Slipway come from."
  region       = var.region
  address_type = "EXTERNAL"
}

resource "google_compute_router" "this" {
  project = var.project
  name    = "${var.prefix}-egress"
  region  = var.region
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  project = var.project
  name    = "${var.prefix}-egress"
  region  = var.region
  router  = google_compute_router.this.name

  nat_ip_allocate_option = "MANUAL_ONLY"
  nat_ips                = [google_compute_address.this.self_link]

  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.this.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  # One address has 64,512 ports: at the least number that is 1,008 instances, and one that sends much to one receiver gets more.
  enable_dynamic_port_allocation = true
  min_ports_per_vm               = 64
  max_ports_per_vm               = 4096
  # Google's condition for ports that are handed out as they are needed.
  enable_endpoint_independent_mapping = false
  tcp_time_wait_timeout_sec           = 30

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
