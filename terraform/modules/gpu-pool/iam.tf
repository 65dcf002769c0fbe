locals {
  # To run a job is not to look at what ran, nor to cancel it; to run it plainly is not to tell it anything.
  roles = {
    run  = "roles/run.jobsExecutorWithOverrides"
    look = "roles/run.viewer"
  }

  grants = merge([
    for region in var.regions : merge([
      for launcher, member in var.launchers : {
        for what, role in local.roles : "${region}/${launcher}/${what}" => { region = region, member = member, role = role }
      }
    ]...)
  ]...)
}

resource "google_cloud_run_v2_job_iam_member" "launchers" {
  for_each = local.grants

  project  = var.project
  location = google_cloud_run_v2_job.this[each.value.region].location
  name     = google_cloud_run_v2_job.this[each.value.region].name
  role     = each.value.role
  member   = each.value.member
}
