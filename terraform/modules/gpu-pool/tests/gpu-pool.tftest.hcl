mock_provider "google" {}

variables {
  project         = "my-project"
  prefix          = "slipway"
  name            = "chemistry"
  regions         = ["us-central1", "europe-west4"]
  image           = "us-central1-docker.pkg.dev/my-project/slipway/chemistry@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  worker          = "slipway-gpu-job@my-project.iam.gserviceaccount.com"
  door_url        = "https://slipway-worker-123456789012.us-central1.run.app"
  cpu             = 2
  memory_gib      = 4
  timeout_seconds = 3780
  launchers       = { dispatch = "serviceAccount:slipway-dispatch@my-project.iam.gserviceaccount.com" }
}

run "a_pool_on_the_cpu_has_a_job_in_each_region_and_no_gpu" {
  command = plan

  assert {
    condition     = { for region, job in google_cloud_run_v2_job.this : region => "${job.name} in ${job.location}" } == { us-central1 = "slipway-chemistry in us-central1", europe-west4 = "slipway-chemistry in europe-west4" }
    error_message = "Dispatch looks for <prefix>-<pool> in the region of the queue."
  }

  assert {
    condition     = length(google_cloud_run_v2_job.this["us-central1"].template[0].template[0].node_selector) == 0 && google_cloud_run_v2_job.this["us-central1"].template[0].template[0].gpu_zonal_redundancy_disabled == null
    error_message = "A pool without a GPU says nothing of GPUs."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].containers[0].resources[0].limits == tomap({ cpu = "2", memory = "4Gi" })
    error_message = "It has what it asks for, and no GPU."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].timeout == "3780s"
    error_message = "Without a GPU a task may run longer than an hour."
  }

  assert {
    condition     = output.job == "slipway-chemistry"
    error_message = "The name of its jobs is told."
  }
}

run "an_execution_is_one_worker_that_nobody_starts_again" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].max_retries == 0
    error_message = "A ticket is good for one worker: Cloud Run must not start another with it."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].task_count == 1 && google_cloud_run_v2_job.this["us-central1"].template[0].parallelism == 1
    error_message = "An execution is one worker."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].service_account == "slipway-gpu-job@my-project.iam.gserviceaccount.com"
    error_message = "A worker runs as the workers' account."
  }

  assert {
    condition     = [for container in google_cloud_run_v2_job.this["us-central1"].template[0].template[0].containers : container.name] == ["worker"]
    error_message = "What a launch tells is told to the container named worker (cloud/cloud-run.ts)."
  }

  assert {
    condition     = { for env in google_cloud_run_v2_job.this["us-central1"].template[0].template[0].containers[0].env : env.name => env.value } == { SLIPWAY_DOOR = "https://slipway-worker-123456789012.us-central1.run.app" }
    error_message = "A worker's job has the address of its door, and all else comes with the launch."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].execution_environment == "EXECUTION_ENVIRONMENT_GEN2"
    error_message = "Buckets are mounted, and GPUs had, in the second generation alone."
  }
}

run "who_launches_may_run_with_overrides_and_look_on_these_jobs_alone" {
  command = plan

  assert {
    condition = { for key, grant in google_cloud_run_v2_job_iam_member.launchers : key => "${grant.role} on ${grant.name} in ${grant.location}" } == {
      "us-central1/dispatch/run"   = "roles/run.jobsExecutorWithOverrides on slipway-chemistry in us-central1"
      "us-central1/dispatch/look"  = "roles/run.viewer on slipway-chemistry in us-central1"
      "europe-west4/dispatch/run"  = "roles/run.jobsExecutorWithOverrides on slipway-chemistry in europe-west4"
      "europe-west4/dispatch/look" = "roles/run.viewer on slipway-chemistry in europe-west4"
    }
    error_message = "Dispatch starts workers in each region, and has nothing more."
  }

  assert {
    condition     = alltrue([for grant in google_cloud_run_v2_job_iam_member.launchers : grant.member == "serviceAccount:slipway-dispatch@my-project.iam.gserviceaccount.com"])
    error_message = "The rights are dispatch's."
  }
}

run "a_pool_on_an_l4_has_one_without_zonal_redundancy_and_its_volumes_read_only" {
  command = plan

  variables {
    name            = "folding"
    gpu             = "nvidia-l4"
    cpu             = 4
    memory_gib      = 16
    timeout_seconds = 3360
    volumes = [
      { bucket = "my-weights", path = "/weights" },
      { bucket = "my-references", path = "/references" },
    ]
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].node_selector[0].accelerator == "nvidia-l4"
    error_message = "It runs where there is an L4."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].launch_stage == "BETA"
    error_message = "Some GPUs of jobs are a preview, and refused to a job that says nothing of it."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].gpu_zonal_redundancy_disabled == true
    error_message = "Zonal redundancy costs half as much again, and has another quota."
  }

  assert {
    condition     = google_cloud_run_v2_job.this["us-central1"].template[0].template[0].containers[0].resources[0].limits == tomap({ cpu = "4", memory = "16Gi", "nvidia.com/gpu" = "1" })
    error_message = "It has one GPU."
  }

  assert {
    condition     = [for volume in google_cloud_run_v2_job.this["us-central1"].template[0].template[0].volumes : "${volume.name} ${volume.gcs[0].bucket} ${volume.gcs[0].read_only}"] == ["volume-0 my-weights true", "volume-1 my-references true"]
    error_message = "Buckets are mounted read only."
  }

  assert {
    condition     = { for mount in google_cloud_run_v2_job.this["us-central1"].template[0].template[0].containers[0].volume_mounts : mount.name => mount.mount_path } == { volume-0 = "/weights", volume-1 = "/references" }
    error_message = "Each volume is mounted where the pool says."
  }
}

run "a_pool_on_an_rtx_pro_6000_has_20_cpus_and_80_gib" {
  command = plan

  variables {
    gpu             = "nvidia-rtx-pro-6000"
    cpu             = 20
    memory_gib      = 80
    timeout_seconds = 3600
  }

  assert {
    condition     = google_cloud_run_v2_job.this["europe-west4"].template[0].template[0].containers[0].resources[0].limits == tomap({ cpu = "20", memory = "80Gi", "nvidia.com/gpu" = "1" })
    error_message = "It has what the GPU needs at least."
  }
}

run "an_l4_with_too_little_memory_is_refused" {
  command = plan

  variables {
    gpu             = "nvidia-l4"
    cpu             = 4
    memory_gib      = 8
    timeout_seconds = 3600
  }

  expect_failures = [var.memory_gib]
}

run "an_rtx_pro_6000_with_too_few_cpus_is_refused" {
  command = plan

  variables {
    gpu             = "nvidia-rtx-pro-6000"
    cpu             = 8
    memory_gib      = 80
    timeout_seconds = 3600
  }

  expect_failures = [var.cpu]
}

run "a_gpu_that_there_is_not_is_refused" {
  command = plan

  variables {
    gpu             = "nvidia-a100"
    timeout_seconds = 3600
  }

  expect_failures = [var.gpu]
}

run "a_region_that_is_not_known_to_have_the_gpu_is_told_of" {
  command = plan

  variables {
    gpu             = "nvidia-rtx-pro-6000"
    cpu             = 20
    memory_gib      = 80
    timeout_seconds = 3600
    regions         = ["europe-west4", "europe-west1"]
  }

  expect_failures = [check.gpu_is_there]
}

run "three_cpus_are_refused_without_a_gpu" {
  command = plan

  variables {
    cpu = 3
  }

  expect_failures = [var.cpu]
}

run "more_than_an_hour_is_refused_with_a_gpu" {
  command = plan

  variables {
    gpu             = "nvidia-l4"
    cpu             = 4
    memory_gib      = 16
    timeout_seconds = 3601
  }

  expect_failures = [var.timeout_seconds]
}

run "an_image_by_its_tag_is_refused" {
  command = plan

  variables {
    image = "us-central1-docker.pkg.dev/my-project/slipway/chemistry:latest"
  }

  expect_failures = [var.image]
}

run "a_volume_over_the_program_is_refused" {
  command = plan

  variables {
    volumes = [{ bucket = "my-weights", path = "/slipway/weights" }]
  }

  expect_failures = [var.volumes]
}

run "a_volume_in_another_is_refused" {
  command = plan

  variables {
    volumes = [{ bucket = "my-weights", path = "/weights/a" }, { bucket = "my-weights", path = "/weights" }]
  }

  expect_failures = [var.volumes]
}

run "a_name_that_makes_a_job_of_50_characters_is_refused" {
  command = plan

  variables {
    name = "a-pool-of-a-name-of-no-less-than-forty-two"
  }

  expect_failures = [var.name]
}

run "a_person_as_a_launcher_is_refused" {
  command = plan

  variables {
    launchers = { ada = "user:ada@example.com" }
  }

  expect_failures = [var.launchers]
}
