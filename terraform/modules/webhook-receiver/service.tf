resource "google_service_account" "receiver" {
  project      = var.project
  account_id   = "${var.prefix}-receiver"
  display_name = "${var.prefix}: webhook receiver of smoke"
  description  = "Runs what smoke has webhooks sent to. It has no role, and needs none."
}

resource "google_cloud_run_v2_service" "receiver" {
  project             = var.project
  location            = var.region
  name                = "${var.prefix}-receiver"
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = false

  # Webhooks come without a token of Google's.
  invoker_iam_disabled = true

  # What Google answers where nothing is said; unsaid, every plan would take it away again.
  scaling {
    min_instance_count = 0
  }

  template {
    service_account                  = google_service_account.receiver.email
    timeout                          = "30s"
    max_instance_request_concurrency = 80

    # One instance at the most: what came lies in its memory.
    scaling {
      min_instance_count = 0
      max_instance_count = 1
    }

    containers {
      image = var.image

      resources {
        # Twice what the process comes to when it is filled.
        limits = {
          cpu    = "1"
          memory = "512Mi"
        }
        cpu_idle          = true
        startup_cpu_boost = true
      }
    }
  }

  lifecycle {
    # Whoever touched it last, by which tool.
    ignore_changes = [client, client_version]
  }
}
