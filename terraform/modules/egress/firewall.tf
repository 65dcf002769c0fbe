# The second wall: the code's own guard refuses the same addresses and ports before it connects. Google logs nothing
# of these rules for what runs on Cloud Run; what the guard refuses stands in the delivery.

resource "google_compute_firewall" "deny_private" {
  project            = var.project
  name               = "${var.prefix}-egress-deny-private"
  description        = "Nothing private, shared, local or reserved, by any protocol."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 100
  destination_ranges = keys(var.refused_ranges)

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "allow_webhooks" {
  project            = var.project
  name               = "${var.prefix}-egress-allow-webhooks"
  description        = "The ports that webhooks may go to, and with 443 Google's own APIs."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 200
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = var.ports
  }
}

resource "google_compute_firewall" "deny_rest" {
  project            = var.project
  name               = "${var.prefix}-egress-deny-rest"
  description        = "In the place of the rule that every network has, by which everything may go out."
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65534
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}
