output "address" {
  description = "Where webhooks come from: what a receiver lets through, if it lets through only what it knows."
  value       = google_compute_address.this.address
}

output "network" {
  description = "The network, given out when its firewall and its way out are there."
  value       = google_compute_network.this.id

  depends_on = [
    google_compute_firewall.allow_webhooks,
    google_compute_firewall.deny_private,
    google_compute_firewall.deny_rest,
    google_compute_router_nat.this,
  ]
}

output "subnetwork" {
  description = "The subnet for vpc_access of Cloud Run, with all traffic, given out when its firewall and its way out are there."
  value       = google_compute_subnetwork.this.id

  depends_on = [
    google_compute_firewall.allow_webhooks,
    google_compute_firewall.deny_private,
    google_compute_firewall.deny_rest,
    google_compute_router_nat.this,
  ]
}
