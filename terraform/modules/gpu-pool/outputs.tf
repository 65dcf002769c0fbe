output "ids" {
  description = "Its jobs by region, once those who launch may."
  value       = { for region, job in google_cloud_run_v2_job.this : region => job.id }

  depends_on = [google_cloud_run_v2_job_iam_member.launchers]
}

output "job" {
  description = "The name of its jobs, the same in each region, once those who launch may."
  value       = local.job

  depends_on = [google_cloud_run_v2_job_iam_member.launchers]
}
