variables {
  prefix  = "slipway"
  project = "my-project"
  region  = "us-central1"
  ports   = ["80", "443", "1024-1432"]

  refused_ranges = {
    "10.0.0.0/8"     = "private"
    "127.0.0.0/8"    = "loopback"
    "169.254.0.0/16" = "link-local"
    "172.16.0.0/12"  = "private"
    "192.168.0.0/16" = "private"
  }
}

run "denies_what_is_private_before_anything_is_allowed" {
  command = plan

  assert {
    condition     = google_compute_firewall.deny_private.destination_ranges == toset(["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"])
    error_message = "The ranges are not those of the guard."
  }

  assert {
    condition     = one(google_compute_firewall.deny_private.deny).protocol == "all" && google_compute_firewall.deny_private.priority < google_compute_firewall.allow_webhooks.priority
    error_message = "Something private could be reached by some protocol, or because it was allowed first."
  }
}

run "allows_the_ports_of_webhooks_by_tcp_and_denies_the_rest" {
  command = plan

  assert {
    condition     = one(google_compute_firewall.allow_webhooks.allow).protocol == "tcp" && one(google_compute_firewall.allow_webhooks.allow).ports == tolist(["80", "443", "1024-1432"])
    error_message = "The ports are not those of the guard."
  }

  assert {
    condition     = one(google_compute_firewall.deny_rest.deny).protocol == "all" && google_compute_firewall.deny_rest.destination_ranges == toset(["0.0.0.0/0"])
    error_message = "Something else may go out."
  }

  assert {
    condition     = google_compute_firewall.deny_rest.priority > google_compute_firewall.allow_webhooks.priority && google_compute_firewall.deny_rest.priority < 65535
    error_message = "The last rule must come after the one that allows, and before Google's own that lets everything out."
  }
}

run "every_rule_is_about_what_goes_out" {
  command = plan

  assert {
    condition = alltrue([
      for rule in [google_compute_firewall.deny_private, google_compute_firewall.allow_webhooks, google_compute_firewall.deny_rest] : rule.direction == "EGRESS"
    ])
    error_message = "A rule lets something in."
  }

}

run "leaves_by_one_known_address" {
  command = plan

  assert {
    condition     = google_compute_router_nat.this.nat_ip_allocate_option == "MANUAL_ONLY" && google_compute_address.this.address_type == "EXTERNAL"
    error_message = "Receivers could not know where webhooks come from."
  }

  assert {
    condition     = google_compute_router_nat.this.enable_dynamic_port_allocation && !google_compute_router_nat.this.enable_endpoint_independent_mapping
    error_message = "Ports that are handed out as needed exclude endpoint-independent mapping."
  }
}

run "reaches_googles_apis_without_the_nat_and_has_no_ipv6" {
  command = plan

  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access && google_compute_subnetwork.this.stack_type == "IPV4_ONLY"
    error_message = "An IPv6 address would pass by the firewall."
  }

  assert {
    condition     = google_compute_network.this.auto_create_subnetworks == false
    error_message = "There would be subnets that nobody wants."
  }
}

run "refuses_ports_without_that_of_googles_apis" {
  command = plan

  variables {
    ports = ["80"]
  }

  expect_failures = [var.ports]
}

run "refuses_what_is_no_port" {
  command = plan

  variables {
    ports = ["443", "https"]
  }

  expect_failures = [var.ports]
}

run "refuses_a_list_that_forgets_private_ranges" {
  command = plan

  variables {
    refused_ranges = { "10.0.0.0/8" = "private" }
  }

  expect_failures = [var.refused_ranges]
}

run "refuses_ranges_of_ipv6" {
  command = plan

  variables {
    refused_ranges = {
      "10.0.0.0/8"     = "private"
      "169.254.0.0/16" = "link-local"
      "172.16.0.0/12"  = "private"
      "192.168.0.0/16" = "private"
      "fc00::/7"       = "private"
    }
  }

  expect_failures = [var.refused_ranges]
}
