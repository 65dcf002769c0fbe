locals {
  # The least that Cloud Run gives each GPU to, as GPU_MINIMA of domain/hardware.ts.
  minima = {
    nvidia-l4           = { cpu = 4, memory_gib = 16 }
    nvidia-rtx-pro-6000 = { cpu = 20, memory_gib = 80 }
  }

  # Where Google's pages of 2025 and 2026 had each, in some by invitation. The list grows, so a region outside it is a warning only.
  places = {
    nvidia-l4           = ["asia-south1", "asia-southeast1", "europe-west1", "europe-west4", "us-central1", "us-east4"]
    nvidia-rtx-pro-6000 = ["asia-south2", "asia-southeast1", "europe-west4", "us-central1"]
  }
  elsewhere = var.gpu == null ? [] : sort(setsubtract(var.regions, local.places[var.gpu]))

  job = "${var.prefix}-${var.name}"
  # A volume's name is a matter of this job alone.
  volumes = { for index, volume in var.volumes : "volume-${index}" => volume }
}

check "gpu_is_there" {
  assert {
    condition     = length(local.elsewhere) == 0
    error_message = "The GPU of ${var.name}, ${coalesce(var.gpu, "none")}, is not known to be in ${join(", ", local.elsewhere)}: if it is not, the apply fails there. Regions that are known to have it: ${join(", ", try(local.places[var.gpu], []))}."
  }
}

resource "google_cloud_run_v2_job" "this" {
  for_each = toset(var.regions)

  project  = var.project
  name     = local.job
  location = each.key
  # It holds nothing, and a pool or a region must be able to go.
  deletion_protection = false
  # Google's pages call some GPUs of jobs a preview and others not. It answers with the stage that suffices.
  launch_stage = var.gpu == null ? null : "BETA"

  template {
    # An execution is a worker. cloud/cloud-run.ts starts one at a time, and the store says how many there may be.
    task_count  = 1
    parallelism = 1

    template {
      service_account       = var.worker
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      timeout               = "${var.timeout_seconds}s"
      # A worker's ticket is good for one. What is to be done again is decided by whoever recovers its slot.
      max_retries = 0
      # Without spare capacity in another zone a GPU costs a third less, and has a quota of its own.
      gpu_zonal_redundancy_disabled = var.gpu == null ? null : true

      dynamic "node_selector" {
        for_each = var.gpu == null ? [] : [var.gpu]

        content {
          accelerator = node_selector.value
        }
      }

      containers {
        # What a launch tells the worker is told to the container of this name.
        name  = "worker"
        image = var.image

        resources {
          limits = merge(
            { cpu = tostring(var.cpu), memory = "${var.memory_gib}Gi" },
            var.gpu == null ? {} : { "nvidia.com/gpu" = "1" },
          )
        }

        # All else a worker is told by its launch (cloud/cloud-run.ts) and by Cloud Run itself.
        env {
          name  = "SLIPWAY_DOOR"
          value = var.door_url
        }

        dynamic "volume_mounts" {
          for_each = local.volumes

          content {
            name       = volume_mounts.key
            mount_path = volume_mounts.value.path
          }
        }
      }

      dynamic "volumes" {
        for_each = local.volumes

        content {
          name = volumes.key

          gcs {
            bucket    = volumes.value.bucket
            read_only = true
          }
        }
      }
    }
  }

  lifecycle {
    # The stage that sufficed, and whoever touched the job last, by which tool.
    ignore_changes = [client, client_version, launch_stage]
  }
}
