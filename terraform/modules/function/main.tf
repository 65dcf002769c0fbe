resource "google_cloud_run_v2_service" "this" {
  project     = var.project
  name        = "${var.prefix}-${var.name}"
  location    = var.region
  description = "functions/${var.name} of Slipway"
  ingress     = "INGRESS_TRAFFIC_ALL"
  # It holds nothing, and is made anew in a minute.
  deletion_protection = false
  # The function checks keys itself. Taking the platform's check away is allowed where sharing with all users is forbidden.
  invoker_iam_disabled = var.public

  # What Google answers where nothing is said; unsaid, every plan would take it away again.
  scaling {
    min_instance_count = 0
  }

  template {
    service_account                  = var.account
    timeout                          = "${var.limits.timeout_seconds}s"
    max_instance_request_concurrency = var.limits.concurrency

    scaling {
      min_instance_count = 0
      max_instance_count = var.limits.max_instances
    }

    containers {
      image = var.image

      resources {
        limits = {
          cpu    = tostring(var.limits.cpu)
          memory = "${var.limits.memory_mib}Mi"
        }
        # Nothing is done between requests, and nothing is paid.
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "startup_probe" {
        for_each = var.startup == null ? [] : [var.startup]

        # Four minutes is the longest that Cloud Run waits.
        content {
          period_seconds    = 6
          timeout_seconds   = 5
          failure_threshold = 40

          http_get {
            path = startup_probe.value
          }
        }
      }

      dynamic "env" {
        for_each = var.environment

        content {
          name  = env.key
          value = env.value
        }
      }
    }

    dynamic "vpc_access" {
      for_each = var.egress == null ? [] : [var.egress]

      content {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = vpc_access.value.network
          subnetwork = vpc_access.value.subnetwork
        }
      }
    }
  }

  lifecycle {
    # Whoever touched the service last, by which tool.
    ignore_changes = [client, client_version]
  }
}

# Cloud Run logs whole addresses, and one that lets its holder in would be kept for as long as the log is.
resource "google_logging_project_exclusion" "secret_addresses" {
  count = var.secret_addresses == null ? 0 : 1

  project     = var.project
  name        = "${var.prefix}-${var.name}-secret-addresses"
  description = "Requests to ${var.prefix}-${var.name} whose addresses hold a secret."
  # Google trims what it keeps, and a line's end would be a change in every plan.
  filter = chomp(<<-EOT
    log_id("run.googleapis.com/requests")
    AND resource.type = "cloud_run_revision"
    AND resource.labels.service_name = "${var.prefix}-${var.name}"
    AND httpRequest.requestUrl =~ "${var.secret_addresses}"
  EOT
  )
}
